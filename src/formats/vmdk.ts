import {
  type BudgetedPeek,
  type FailedCheck,
  type FormatResult,
  hasText,
  toSize,
  view,
} from "./inspection.ts";
import {
  bareDescriptor,
  createType,
  descriptorFault,
  descriptorText,
  mayBeDescriptor,
} from "./vmdk_descriptor.ts";
import { footerFault } from "./vmdk_footer.ts";

const DESCRIPTOR_SECTOR = 1n;
const MAX_DESCRIPTOR = 1024 * 1024 - 1;
const SPARSE_HEADER_LENGTH = 64;
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

/** VMDK: a sparse extent with an embedded descriptor, or a descriptor alone. */
export async function detectVmdk(peek: BudgetedPeek): Promise<FormatResult | null> {
  const head = await peek.read(0, Math.min(512, peek.size));
  if (!head) return null;
  return hasText(head, 0, "KDMV") ? await sparseExtent(peek, head) : await descriptorAlone(peek, head);
}

async function sparseExtent(peek: BudgetedPeek, head: Uint8Array): Promise<FormatResult> {
  const result: FormatResult = {
    format: "vmdk",
    variant: null,
    virtualSize: null,
    failures: [],
    incomplete: null,
  };
  if (head.length < SPARSE_HEADER_LENGTH) return { ...result, incomplete: "the VMDK header is truncated" };
  const header = view(head);
  const misplaced = headerFault(header);
  if (misplaced) return { ...result, failures: [{ check: "descriptor", reason: misplaced }] };
  const length = Math.min(Number(header.getBigUint64(36, true)) * 512, MAX_DESCRIPTOR);
  const descriptor = await peek.read(512, length);
  if (!descriptor) return { ...result, incomplete: "the VMDK descriptor is truncated" };
  const text = descriptorText(descriptor);
  const failures: FailedCheck[] = [];
  const closed = descriptor.includes(0) || !(await peek.read(512 + length, 1))?.[0];
  const fault = closed ? descriptorFault(text) : "The descriptor is longer than its space";
  if (fault) failures.push({ check: "descriptor", reason: fault });
  if (header.getBigUint64(56, true) === DIRECTORY_AT_END) {
    const fault = await footerFault(peek, header);
    if (fault) failures.push({ check: "footer", reason: fault });
  }
  const virtualSize = toSize(header.getBigUint64(12, true) * 512n);
  return { ...result, variant: text ? createType(text) : null, virtualSize, failures };
}

/** Returns why the descriptor may not be where we look for it, or null. */
function headerFault(header: DataView): string | null {
  const version = header.getUint32(4, true);
  if (version < 1 || version > 3) return `VMDK version ${version} is not supported`;
  return header.getBigUint64(28, true) === DESCRIPTOR_SECTOR ? null : "The descriptor is at an unusual place";
}

/** Recognised in order to refuse it: its data is in other files. */
async function descriptorAlone(peek: BudgetedPeek, head: Uint8Array): Promise<FormatResult | null> {
  if (!mayBeDescriptor(head)) return null;
  const descriptor = await peek.read(0, Math.min(peek.size, MAX_DESCRIPTOR));
  const text = descriptor && bareDescriptor(descriptor);
  if (!text) return null;
  const reason = descriptorFault(text) ?? "The extents are in other files";
  return {
    format: "vmdk",
    variant: createType(text),
    virtualSize: null,
    failures: [{ check: "descriptor", reason }],
    incomplete: null,
  };
}
