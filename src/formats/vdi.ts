import { type BudgetedPeek, type FormatResult, toSize, view } from "./inspection.ts";

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
