import type { BudgetedPeek } from "./budgeted_peek.ts";
import { view } from "./bytes.ts";
import type { FailedCheck, FormatResult } from "./inspection.ts";

const BOOT_SIGNATURE = 0xaa55;
const FIRST_ENTRY = 446;
const ENTRY_LENGTH = 16;
const PROTECTIVE = 0xee;

/** A disk with a partition table, GPT or plain MBR: both are called `gpt`. */
export async function detectGpt(peek: BudgetedPeek): Promise<FormatResult | null> {
  const sector = await peek.read(0, 512);
  if (!sector || view(sector).getUint16(510, true) !== BOOT_SIGNATURE) return null;
  // The boot sector of a FAT file system carries the same signature: two FATs on a fixed disk.
  if (sector[0x10] === 2 && sector[0x15] === 0xf8) return null;
  const reason = partitionTableFault(view(sector));
  const failures: FailedCheck[] = reason ? [{ check: "mbr", reason }] : [];
  const protective = [0, 1, 2, 3].some((i) => sector[FIRST_ENTRY + i * ENTRY_LENGTH + 4] === PROTECTIVE);
  return {
    format: "gpt",
    variant: protective ? "GPT" : "MBR",
    virtualSize: peek.size,
    failures,
    incomplete: null,
  };
}

function partitionTableFault(sector: DataView): string | null {
  const used: number[] = [];
  let protective = false;
  for (let i = 0; i < 4; i++) {
    const entry = FIRST_ENTRY + i * ENTRY_LENGTH;
    const boot = sector.getUint8(entry);
    const type = sector.getUint8(entry + 4);
    if (boot !== 0x00 && boot !== 0x80) return `MBR partition entry ${i} has an invalid boot flag`;
    if (type !== 0) used.push(i);
    if (type !== PROTECTIVE) continue;
    protective = true;
    // Big-endian over boot flag and start CHS: the last three bytes must be 00 02 00.
    if ((sector.getUint32(entry) & 0xffffff) !== 0x000200) {
      return "The protective MBR has an invalid start CHS";
    }
    if (sector.getUint32(entry + 8, true) !== 1) return "The protective MBR has an invalid start LBA";
  }
  if (protective && (used.length !== 1 || used[0] !== 0)) return "The protective MBR has other partitions";
  return used.length === 0 ? "The partition table has no partition" : null;
}
