import { type BudgetedPeek, type FormatResult, hasText, toSize, view } from "./inspection.ts";

const SIGNATURE = "vhdxfile";
const REGION_TABLE = 192 * 1024;
const TABLE_LENGTH = 64 * 1024;
const MAX_ENTRIES = 2047;
const ENTRY_LENGTH = 32;
/** The GUIDs as stored (first three groups little-endian). */
const METADATA_REGION = "06a27c8b90479a4bb8fe575f050f886e";
const VIRTUAL_DISK_SIZE = "2442a52f1bcd7648b2115dbed83bf4b8";

/** Offsets of a table's count and first entry. */
interface Table {
  signature: string;
  count: (table: DataView) => number;
  first: number;
}
const REGIONS: Table = { signature: "regi", count: (table) => table.getUint32(8, true), first: 16 };
const METADATA: Table = { signature: "metadata", count: (table) => table.getUint16(10, true), first: 32 };

/** VHDX; two tables of at most 64 KiB each lead to the size. */
export async function detectVhdx(peek: BudgetedPeek): Promise<FormatResult | null> {
  const identifier = await peek.read(0, 32);
  if (!identifier || !hasText(identifier, 0, SIGNATURE)) return null;
  const found = await virtualDiskSize(peek);
  const incomplete = typeof found === "string" ? found : null;
  const virtualSize = typeof found === "bigint" ? toSize(found) : null;
  return { format: "vhdx", variant: null, virtualSize, failures: [], incomplete };
}

/** Returns the virtual disk size in bytes, or why it cannot be read. */
async function virtualDiskSize(peek: BudgetedPeek): Promise<bigint | string> {
  const regions = await peek.read(REGION_TABLE, TABLE_LENGTH);
  if (!regions) return "the VHDX region table is truncated";
  const start = metadataStart(regions);
  if (start === null) return "the VHDX region table is malformed or has no metadata region";
  const metadata = await peek.read(start, TABLE_LENGTH);
  if (!metadata) return "the VHDX metadata table is truncated";
  const item = findEntry(metadata, METADATA, VIRTUAL_DISK_SIZE);
  if (item === null) return "the VHDX metadata table is malformed or has no virtual disk size";
  if (view(item).getUint32(20, true) !== 8) return "the VHDX virtual disk size is malformed";
  const size = await peek.read(start + view(item).getUint32(16, true), 8);
  return size ? view(size).getBigUint64(0, true) : "the VHDX virtual disk size is truncated";
}

function metadataStart(regions: Uint8Array): number | null {
  const region = findEntry(regions, REGIONS, METADATA_REGION);
  return region && toSize(view(region).getBigUint64(16, true));
}

function findEntry(bytes: Uint8Array, table: Table, guid: string): Uint8Array | null {
  const count = table.count(view(bytes));
  if (!hasText(bytes, 0, table.signature) || count > MAX_ENTRIES) return null;
  for (let i = 0; i < count; i++) {
    const entry = bytes.subarray(table.first + i * ENTRY_LENGTH, table.first + (i + 1) * ENTRY_LENGTH);
    if (hexadecimal(entry.subarray(0, 16)) === guid) return entry;
  }
  return null;
}

function hexadecimal(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
