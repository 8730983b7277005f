import { type BudgetedPeek, type FormatResult, hasText, toSize, view } from "./inspection.ts";

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
