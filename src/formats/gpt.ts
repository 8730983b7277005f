import { type BudgetedPeek, type FailedCheck, type FormatResult, hasText, view } from "./inspection.ts";

const BOOT_SIGNATURE = 0xaa55;
const FIRST_ENTRY = 446;
const ENTRY_LENGTH = 16;
const ENTRIES = 4;
const PROTECTIVE = 0xee;
/** Where the Linux boot protocol has its signature: in the second sector. */
const KERNEL_SIGNATURE = 0x202;

/** A disk with a partition table, GPT or plain MBR; Glance calls both `gpt`. */
export async function detectGpt(peek: BudgetedPeek): Promise<FormatResult | null> {
  const sector = await peek.read(0, 512);
  if (!sector || view(sector).getUint16(510, true) !== BOOT_SIGNATURE) return null;
  // The boot sector of a FAT file system has the same signature; this one has two FATs on a fixed disk.
  if (sector[0x10] === 2 && sector[0x15] === 0xf8) return null;
  const reason = partitionTableFault(view(sector));
  const bootSector = reason === null ? null : bootSectorOf(sector, await peek.read(KERNEL_SIGNATURE, 4));
  const failures: FailedCheck[] = reason ? [{ check: "mbr", reason }] : [];
  const protective = [0, 1, 2, 3].some((i) => sector[FIRST_ENTRY + i * ENTRY_LENGTH + 4] === PROTECTIVE);
  return {
    format: "gpt",
    variant: protective ? "GPT" : "MBR",
    virtualSize: peek.size,
    failures,
    incomplete: null,
    ...(bootSector === null ? {} : { bootSector }),
  };
}

/** File systems by the name after the first jump instruction. */
const VOLUMES: Record<string, string> = {
  "NTFS    ": "an NTFS file system",
  "EXFAT   ": "an exFAT file system",
  "-FVE-FS-": "a volume encrypted by BitLocker",
};

/** Returns what a first sector with a boot signature but no valid partition table belongs to; null = unknown. */
function bootSectorOf(sector: Uint8Array, kernel: Uint8Array | null): string | null {
  const volume = VOLUMES[String.fromCharCode(...sector.subarray(3, 11))];
  if (volume !== undefined) return volume;
  if (isFat(sector)) return "a FAT file system";
  if (kernel && hasText(kernel, 0, "HdrS")) return "a Linux kernel";
  const table = sector.subarray(FIRST_ENTRY, FIRST_ENTRY + ENTRIES * ENTRY_LENGTH);
  return table.every((byte) => byte === 0) ? "an empty partition table" : null;
}

/** Whether the parameters of a FAT file system, of a floppy or a disk, follow the first jump. */
function isFat(sector: Uint8Array): boolean {
  const fields = view(sector);
  const bytesPerSector = fields.getUint16(11, true);
  const sectorsPerCluster = sector[13]!;
  return (sector[0] === 0xeb || sector[0] === 0xe9) &&
    bytesPerSector >= 512 && bytesPerSector <= 4096 && isPowerOfTwo(bytesPerSector) &&
    isPowerOfTwo(sectorsPerCluster) && fields.getUint16(14, true) > 0 &&
    (sector[16] === 1 || sector[16] === 2) && (sector[21] === 0xf0 || sector[21]! >= 0xf8);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function partitionTableFault(sector: DataView): string | null {
  const used: number[] = [];
  let protective = false;
  for (let i = 0; i < ENTRIES; i++) {
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
