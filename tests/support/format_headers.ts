/** Disk images built byte by byte: valid ones, and with `edit` broken and hostile ones. */
import type { Peek } from "../../src/formats/inspection.ts";

/** Changes the finished bytes of an image. */
export type Edit = (bytes: Uint8Array, fields: DataView) => void;

/** Zeros of `size` bytes with `texts` (one byte a character) at their offsets, then edited. */
export function image(
  size: number,
  texts: Record<number, string>,
  ...edits: (Edit | undefined)[]
): Uint8Array {
  const bytes = new Uint8Array(size);
  for (const [offset, text] of Object.entries(texts)) put(bytes, Number(offset), text);
  for (const edit of edits) edit?.(bytes, new DataView(bytes.buffer));
  return bytes;
}

/** Writes the characters of `text` as one byte each. */
export function put(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) bytes[offset + i] = text.charCodeAt(i);
}

/** A `Peek` over bytes in memory. */
export function memoryPeek(bytes: Uint8Array): Peek {
  return (offset, length) =>
    Promise.resolve(offset + length <= bytes.length ? bytes.subarray(offset, offset + length) : null);
}

export function qcow2(edit?: Edit, version = 3): Uint8Array {
  return image(1024, { 0: "QFI\xfb" }, (_, fields) => {
    fields.setUint32(4, version);
    fields.setBigUint64(24, 10n << 30n);
  }, edit);
}

export function qed(): Uint8Array {
  return image(1024, { 0: "QED\0" });
}

export function vhd(edit?: Edit): Uint8Array {
  return image(2048, { 0: "conectix" }, (_, fields) => fields.setBigUint64(40, 7n << 20n), edit);
}

export const VHDX_METADATA = 2 * 1024 * 1024;

export function vhdx(edit?: Edit): Uint8Array {
  const regions = 192 * 1024;
  return image(VHDX_METADATA + 256 * 1024, { 0: "vhdxfile" }, (bytes, fields) => {
    put(bytes, regions, "regi");
    fields.setUint32(regions + 8, 2, true);
    bytes.set(guid("06a27c8b90479a4bb8fe575f050f886e"), regions + 16 + 32);
    fields.setBigUint64(regions + 16 + 32 + 16, BigInt(VHDX_METADATA), true);
    put(bytes, VHDX_METADATA, "metadata");
    fields.setUint16(VHDX_METADATA + 10, 3, true);
    bytes.set(guid("2442a52f1bcd7648b2115dbed83bf4b8"), VHDX_METADATA + 32 + 64);
    fields.setUint32(VHDX_METADATA + 32 + 64 + 16, 65536 + 8, true);
    fields.setUint32(VHDX_METADATA + 32 + 64 + 20, 8, true);
    fields.setBigUint64(VHDX_METADATA + 65536 + 8, 5n << 30n, true);
  }, edit);
}

function guid(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const DESCRIPTOR = `# Disk DescriptorFile
version=1
CID=7f2a1c3d
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW 20480 SPARSE "disk.vmdk"

# The Disk Data Base
ddb.virtualHWVersion = "4"
`;

export function vmdk(descriptor = DESCRIPTOR, edit?: Edit): Uint8Array {
  return image(64 * 1024, { 0: "KDMV", 512: descriptor }, (_, fields) => {
    fields.setUint32(4, 1, true);
    fields.setBigUint64(12, 20480n, true);
    fields.setBigUint64(28, 1n, true);
    fields.setBigUint64(36, 40n, true);
  }, edit);
}

/** A stream-optimised VMDK whose footer repeats the header. */
export function streamOptimizedVmdk(edit?: Edit): Uint8Array {
  return vmdk(DESCRIPTOR.replace("monolithicSparse", "streamOptimized"), (bytes, fields) => {
    const marker = bytes.length - 3 * 512;
    bytes.copyWithin(marker + 512, 0, 512);
    fields.setBigUint64(56, 0xffff_ffff_ffff_ffffn, true);
    fields.setUint32(marker + 12, 3, true);
    edit?.(bytes, fields);
  });
}

export function vdi(edit?: Edit): Uint8Array {
  return image(1024, { 0: "<<< Oracle VM VirtualBox Disk Image >>>\n" }, (_, fields) => {
    fields.setUint32(0x40, 0xbeda107f, true);
    fields.setBigUint64(0x170, 3n << 30n, true);
  }, edit);
}

export function iso(edit?: Edit, identifier = "CD001"): Uint8Array {
  return image(40 * 1024, { 32769: identifier }, (bytes, fields) => {
    bytes[32768] = 1;
    fields.setUint32(32768 + 80, 180, true);
    fields.setUint16(32768 + 128, 2048, true);
  }, edit);
}

/** A disk with one Linux partition. */
export function mbr(edit?: Edit): Uint8Array {
  return image(8192, { 510: "\x55\xaa" }, (_, fields) => partition(fields, 0, 0x83, 2048), edit);
}

/** First sectors with a boot signature that belong to something else than a partition table. */
export const BOOT_SECTORS: Record<string, () => Uint8Array> = {
  NTFS: () => bootSector("\xeb\x52\x90NTFS    "),
  exFAT: () => bootSector("\xeb\x76\x90EXFAT   "),
  BitLocker: () => bootSector("\xeb\x58\x90-FVE-FS-"),
  "a floppy with FAT12": () => bootSector("\xeb\x3c\x90mkfs.fat\0\x02\x01\x01\0\x02\xe0\0\x40\x0b\xf0"),
  "a FAT of one table": () => bootSector("\xeb\x58\x90mkfs.fat\0\x02\x08\x20\0\x01\0\0\0\0\xf8"),
  "a Linux kernel": () => image(8192, { 0: "MZ", 446: "\x12\x34", 510: "\x55\xaa", 514: "HdrS" }),
  "an empty table": () => image(8192, { 0: "\xfa\xb8\0\x10", 510: "\x55\xaa" }),
};

/** A sector with code or text where a partition table has its entries. */
function bootSector(head: string): Uint8Array {
  return image(8192, { 0: head, 440: "\rDisk error\xff\r\nPress any key to restart", 510: "\x55\xaa" });
}

/** A disk with a protective MBR in front of a GPT header. */
export function gpt(edit?: Edit): Uint8Array {
  return image(8192, { 510: "\x55\xaa", 512: "EFI PART" }, (bytes, fields) => {
    partition(fields, 0, 0xee, 1);
    bytes[446 + 2] = 2;
  }, edit);
}

export function partition(fields: DataView, index: number, type: number, start: number): void {
  fields.setUint8(446 + 16 * index + 4, type);
  fields.setUint32(446 + 16 * index + 8, start, true);
  fields.setUint32(446 + 16 * index + 12, 8, true);
}

export function luks(edit?: Edit): Uint8Array {
  return image(64 * 1024, { 0: "LUKS\xba\xbe" }, (_, fields) => {
    fields.setUint16(6, 1);
    fields.setUint32(104, 8);
  }, edit);
}

export function ploop(signature = "WithouFreSpacExt", edit?: Edit): Uint8Array {
  return image(1024, { 0: signature }, (_, fields) => {
    fields.setUint32(16, 2, true);
    fields.setBigUint64(36, 0x1_0000_0800n, true);
  }, edit);
}

/** One good image of every format, by glance's name of it. */
export const GOOD: Record<string, () => Uint8Array> = {
  qcow2,
  qed,
  vhd,
  vhdx,
  vmdk: () => vmdk(),
  vdi,
  iso: () => iso(),
  gpt,
  luks,
  ploop: () => ploop(),
};
