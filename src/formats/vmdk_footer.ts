import { type BudgetedPeek, view } from "./inspection.ts";

const SECTOR = 512;
const FOOTER_MARKER = 3;
const END_OF_STREAM = 0;
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

/**
 * Returns why the footer of a stream-optimised VMDK is not safe, or null. The last three sectors are a marker, the footer
 * (a second header, which takes precedence over the first) and the end-of-stream marker.
 * @param header the sparse header at the beginning
 */
export async function footerFault(peek: BudgetedPeek, header: DataView): Promise<string | null> {
  const tail = await peek.read(peek.size - 3 * SECTOR, 3 * SECTOR);
  if (!tail) return "The footer is missing";
  const footer = view(tail.subarray(SECTOR, 2 * SECTOR));
  const same = (offset: number) => footer.getBigUint64(offset, true) === header.getBigUint64(offset, true);
  if (!same(0)) return "Header and footer signature or version do not match"; // Two fields of four bytes.
  if (!same(28) || !same(36)) return "Footer specifies a different descriptor than header";
  if (footer.getBigUint64(56, true) === DIRECTORY_AT_END) return "Footer indicates another footer";
  if (!isMarker(tail.subarray(0, SECTOR), FOOTER_MARKER)) return "Footer marker is invalid";
  const end = tail.subarray(2 * SECTOR);
  if (view(end).getBigUint64(0, true) !== 0n || !isMarker(end, END_OF_STREAM)) {
    return "End-of-stream marker is invalid";
  }
  return null;
}

/** A marker has eight bytes of value, size 0, its type, and nothing else. */
function isMarker(sector: Uint8Array, type: number): boolean {
  const fields = view(sector);
  return fields.getUint32(8, true) === 0 && fields.getUint32(12, true) === type &&
    sector.subarray(16).every((byte) => byte === 0);
}
