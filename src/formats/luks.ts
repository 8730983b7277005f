import { type BudgetedPeek, type FormatResult, hasText, view } from "./inspection.ts";

const HEADER_LENGTH = 592;
const PAYLOAD_OFFSET = 104;

/** LUKS; only version 1 is allowed. */
export async function detectLuks(peek: BudgetedPeek): Promise<FormatResult | null> {
  const magic = await peek.read(0, 6);
  if (!magic || !hasText(magic, 0, "LUKS\xba\xbe")) return null;
  const header = await peek.read(0, HEADER_LENGTH);
  if (!header) {
    return {
      format: "luks",
      variant: null,
      virtualSize: null,
      failures: [],
      incomplete: "the LUKS header is truncated",
    };
  }
  const version = view(header).getUint16(6);
  const payload = peek.size - view(header).getUint32(PAYLOAD_OFFSET) * 512;
  return {
    format: "luks",
    variant: `version ${version}`,
    virtualSize: version === 1 && payload > 0 ? payload : null,
    failures: version === 1 ? [] : [{ check: "version", reason: `LUKS version ${version} is not supported` }],
    incomplete: null,
  };
}
