import {
  type BudgetedPeek,
  type FailedCheck,
  type FormatResult,
  hasText,
  toSize,
  view,
} from "./inspection.ts";

const BACKING_FILE_OFFSET = 8;
const SIZE = 24;
const INCOMPATIBLE_FEATURES = 0x48;
const DATA_FILE_BIT = 0x04n;
/** Known incompatible features: dirty, corrupt, external data file, compression type. */
const KNOWN_FEATURES = 0x0fn;

/** qcow2 of any version; version 1, long obsolete, has the same signature and fails `unknown_features`. */
export async function detectQcow2(peek: BudgetedPeek): Promise<FormatResult | null> {
  const header = await peek.read(0, 512);
  if (!header || !hasText(header, 0, "QFI\xfb")) return null;
  const fields = view(header);
  const version = fields.getUint32(4);
  const features = fields.getBigUint64(INCOMPATIBLE_FEATURES);
  const failures: FailedCheck[] = [];
  if (fields.getBigUint64(BACKING_FILE_OFFSET) !== 0n) {
    failures.push({ check: "backing_file", reason: "Image has a backing file" });
  }
  // Version 2 has no feature bits, but like Glance we test the bit there too.
  if (features & DATA_FILE_BIT) {
    failures.push({ check: "data_file", reason: "Image has an external data file" });
  }
  if (version !== 2 && version !== 3) {
    failures.push({ check: "unknown_features", reason: `qcow2 version ${version} is not supported` });
  } else if (version === 3 && features & ~KNOWN_FEATURES) {
    failures.push({ check: "unknown_features", reason: "Image has unknown incompatible features" });
  }
  return {
    format: "qcow2",
    variant: `version ${version}`,
    virtualSize: toSize(fields.getBigUint64(SIZE)),
    failures,
    incomplete: null,
  };
}
