/** Windows that zstd frames ask for, by rows, with the data in pieces of every length. */
import assert from "node:assert/strict";
import { ZstdWindows } from "../../src/imports/plugins/zstd_windows.ts";

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const SKIPPABLE = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9];
const little = (value: bigint, bytes: number) =>
  Array.from({ length: bytes }, (_, at) => Number(value >> BigInt(8 * at) & 0xffn));

/** A raw block of two bytes and a run-length block of the largest size, which is the last. */
const BLOCKS = [2 << 3, 0, 0, 7, 7, 3, 0, 16, 0];
const SMALL = [...MAGIC, 0, 0, ...BLOCKS];

const ROWS: [string, number[], boolean][] = [
  ["nothing", [], true],
  ["no zstd", [1, 2, 3, 4, 5, 6, 7, 8, 9], true],
  ["1 KiB", SMALL, true],
  ["128 MiB", [...MAGIC, 0, 17 << 3, ...BLOCKS], true],
  ["144 MiB", [...MAGIC, 0, 17 << 3 | 1, ...BLOCKS], false],
  ["1.9 GiB", [...MAGIC, 0, 20 << 3 | 7, ...BLOCKS], false],
  ["behind a small frame", [...SMALL, ...MAGIC, 0, 20 << 3, ...BLOCKS], false],
  ["behind a small frame with a checksum", [
    ...MAGIC,
    4,
    0,
    ...BLOCKS,
    1,
    2,
    3,
    4,
    ...MAGIC,
    0,
    20 << 3,
    ...BLOCKS,
  ], false],
  ["behind a skippable frame", [...SKIPPABLE, ...MAGIC, 0, 20 << 3, ...BLOCKS], false],
  ["behind a dictionary id", [...MAGIC, 3, 20 << 3, 1, 1, 1, 1, ...BLOCKS], false],
  ["one segment of 255 bytes", [...MAGIC, 0x20, 255, ...BLOCKS], true],
  ["one segment of 64 KiB", [...MAGIC, 0x60, 0xff, 0xff, ...BLOCKS], true],
  ["one segment of 128 MiB", [...MAGIC, 0xa0, ...little(1n << 27n, 4), ...BLOCKS], true],
  ["one segment of 2 GiB", [...MAGIC, 0xa0, ...little(1n << 31n, 4), ...BLOCKS], false],
  ["one segment of 2 EiB", [...MAGIC, 0xe0, ...little(1n << 61n, 8), ...BLOCKS], false],
  ["a small window, and 2 EiB of content", [...MAGIC, 0xc0, 0, ...little(1n << 61n, 8), ...BLOCKS], true],
];

for (const [name, bytes, passes] of ROWS) {
  Deno.test(`zstd window: ${name}`, () => {
    for (let length = 1; length <= bytes.length + 1; length++) {
      const windows = new ZstdWindows();
      const read = () => {
        for (let at = 0; at < bytes.length; at += length) {
          windows.check(new Uint8Array(bytes.slice(at, at + length)));
        }
      };
      if (passes) read();
      else assert.throws(read, /window of more than 134217728 bytes/);
    }
  });
}
