import { type BudgetedPeek, type FormatResult, hasText, view } from "./inspection.ts";

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
