import { type BudgetedPeek, type FormatResult, hasText, toSize, view } from "./inspection.ts";

const COOKIE = "conectix";
const FOOTER_LENGTH = 512;
const ORIGINAL_SIZE = 40;

/** VHD, dynamic and differencing, which begin with a copy of the footer. */
export async function detectVhd(peek: BudgetedPeek): Promise<FormatResult | null> {
  const cookie = await peek.read(0, COOKIE.length);
  if (!cookie || !hasText(cookie, 0, COOKIE)) return null;
  const footer = await peek.read(0, FOOTER_LENGTH);
  return {
    format: "vhd",
    variant: null,
    virtualSize: footer && toSize(view(footer).getBigUint64(ORIGINAL_SIZE)),
    failures: [],
    incomplete: footer ? null : "the VHD header is truncated",
  };
}

/**
 * Whether the file ends with the footer of a fixed VHD. Not a match: such a file is the bare disk and 512 bytes more,
 * which Glance calls `raw` (or `gpt`).
 */
export async function endsInVhdFooter(peek: BudgetedPeek): Promise<boolean> {
  const cookie = await peek.read(peek.size - FOOTER_LENGTH, COOKIE.length);
  return cookie !== null && hasText(cookie, 0, COOKIE);
}
