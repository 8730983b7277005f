/** Formats that a few fields of their header describe: ISO, ploop, QED, VDI. */
import { type BudgetedPeek, type FormatResult, hasText, toSize, view } from "./inspection.ts";

const DESCRIPTOR = 32 * 1024;
const PRIMARY = 1;

/** ISO 9660, and UDF by its bridge descriptors. */
export async function detectIso(peek: BudgetedPeek): Promise<FormatResult | null> {
  const descriptor = await peek.read(DESCRIPTOR, 2048);
  if (!descriptor || !["CD001", "NSR02", "NSR03"].some((text) => hasText(descriptor, 1, text))) return null;
  const fields = view(descriptor);
  // Both numbers are stored twice, little-endian first.
  const blocks = fields.getUint32(80, true);
  const blockSize = fields.getUint16(128, true);
  return {
    format: "iso",
    variant: null,
    virtualSize: fields.getUint8(0) === PRIMARY ? blocks * blockSize : null,
    failures: [],
    incomplete: null,
  };
}

const SECTORS = 36;

/** ploop (Parallels): the older signature counts sectors in 32 bits, the newer in 64. */
export async function detectPloop(peek: BudgetedPeek): Promise<FormatResult | null> {
  const header = await peek.read(0, 64);
  if (!header) return null;
  const extended = hasText(header, 0, "WithouFreSpacExt");
  if (!extended && !hasText(header, 0, "WithoutFreeSpace")) return null;
  const fields = view(header);
  const sectors = extended ? fields.getBigUint64(SECTORS, true) : BigInt(fields.getUint32(SECTORS, true));
  return {
    format: "ploop",
    variant: null,
    virtualSize: toSize(sectors * 512n),
    failures: [],
    incomplete: null,
  };
}

/** QED, recognised in order to refuse it: it is unsupported and may have a backing file. */
export async function detectQed(peek: BudgetedPeek): Promise<FormatResult | null> {
  const header = await peek.read(0, 512);
  if (!header || !hasText(header, 0, "QED\0")) return null;
  return {
    format: "qed",
    variant: null,
    virtualSize: null,
    failures: [{ check: "banned", reason: "This file format is not allowed" }],
    incomplete: null,
  };
}

/** VirtualBox VDI. */
export async function detectVdi(peek: BudgetedPeek): Promise<FormatResult | null> {
  const header = await peek.read(0, 512);
  if (!header || view(header).getUint32(0x40, true) !== 0xbeda107f) return null;
  return {
    format: "vdi",
    variant: null,
    virtualSize: toSize(view(header).getBigUint64(0x170, true)),
    failures: [],
    incomplete: null,
  };
}
