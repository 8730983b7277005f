import { type BudgetedPeek, type FormatResult, hasText } from "./inspection.ts";

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
