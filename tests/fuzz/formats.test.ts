/**
 * Runs every detector on thousands of corrupted headers: it throws nothing but BudgetError, reads at most 8 MiB, and
 * reads at most a few dozen times, whatever the header claims. The test prints times but checks none, because other work
 * shares the machine; `FUZZ_MILLISECONDS=50` sets a limit. The seed is fixed; `FUZZ_SEED` and `FUZZ_RUNS` (per detector)
 * choose others.
 */
import assert from "node:assert/strict";
import { BudgetedPeek, BudgetError, MAX_BYTES_READ } from "../../src/formats/inspection.ts";
import { type Detector, DETECTORS, inspect } from "../../src/formats/inspect.ts";
import * as make from "../support/format_headers.ts";
import { random } from "../support/random.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 20260722);
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 4000);
const MILLISECONDS = Number(Deno.env.get("FUZZ_MILLISECONDS") ?? Infinity);
/** The number of reads that one inspection may do. */
const MAX_LOOKS = 32;

/** Offsets of the formats' fields. */
const PLACES = [
  0,
  24,
  64,
  100,
  368,
  446,
  512,
  32768,
  192 * 1024,
  make.VHDX_METADATA,
  make.VHDX_METADATA + 96,
];
const VALUES = [0n, 1n, 8n, 512n, 65536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
const WORDS = [
  'createtype="',
  "rw ",
  "/",
  "\n",
  "=",
  '"',
  "\0",
  "KDMV",
  "QFI\xfb",
  "\x55\xaa",
  "CD001",
  "regi",
];

function spoil(bytes: Uint8Array, next: () => number): Uint8Array {
  const pick = <T>(values: T[]): T => values[Math.floor(next() * values.length)]!;
  const fields = new DataView(bytes.buffer);
  for (let count = 1 + Math.floor(next() * 6); count > 0; count--) {
    const offset = Math.min(
      pick([...PLACES, bytes.length - 1536]) + Math.floor(next() * 64),
      bytes.length - 16,
    );
    if (offset < 0) continue;
    const way = next();
    if (way < 0.4) fields.setUint8(offset, next() * 256);
    else if (way < 0.8) fields.setBigUint64(offset & ~3, pick(VALUES), next() < 0.7);
    else make.put(bytes, offset, pick(WORDS));
  }
  return next() < 0.2 ? bytes.slice(0, Math.floor(next() * bytes.length)) : bytes;
}

/** The maximum of all runs of this file. */
const most = { looks: 0, bytes: 0, milliseconds: 0 };

/** Runs one detector; with a time limit, the shortest of up to three runs counts. */
async function run(name: string, detect: Detector, bytes: Uint8Array): Promise<void> {
  let shortest = Infinity;
  for (let attempt = 0; attempt === 0 || (attempt < 3 && shortest >= MILLISECONDS); attempt++) {
    let looks = 0;
    const source = make.memoryPeek(bytes);
    const peek = new BudgetedPeek((offset, length) => (looks++, source(offset, length)), bytes.length);
    const read = peek.read.bind(peek);
    peek.read = (offset, length) => (looks++, read(offset, length));
    const started = performance.now();
    try {
      const found = await detect(peek);
      if (found) assert.ok(found.virtualSize === null || Number.isSafeInteger(found.virtualSize), name);
    } catch (error) {
      assert.ok(error instanceof BudgetError, `${name} threw ${error}`);
    }
    shortest = Math.min(shortest, performance.now() - started);
    assert.ok(peek.bytesRead <= MAX_BYTES_READ, `${name} read ${peek.bytesRead} bytes`);
    assert.ok(looks <= MAX_LOOKS, `${name} looked ${looks} times`);
    most.looks = Math.max(most.looks, looks);
    most.bytes = Math.max(most.bytes, peek.bytesRead);
  }
  most.milliseconds = Math.max(most.milliseconds, shortest);
  assert.ok(shortest < MILLISECONDS, `${name} took ${shortest} ms`);
}

for (const [format, detect] of Object.entries(DETECTORS)) {
  Deno.test(`fuzz: ${format}`, async () => {
    const next = random(SEED);
    const others = Object.values(make.GOOD);
    for (let count = 0; count < RUNS; count++) {
      const build = count % 5 === 0 ? others[count % others.length]! : make.GOOD[format]!;
      await run(format, detect, spoil(build(), next));
    }
  });
}

Deno.test("fuzz: random bytes behind each signature", async () => {
  const next = random(SEED + 1);
  for (const [format, build] of Object.entries(make.GOOD)) {
    for (let count = 0; count < 40; count++) {
      const bytes = build();
      const start = format === "iso" ? 32774 : 8;
      for (let i = start; i < Math.min(bytes.length, start + 4096); i++) bytes[i] = next() * 256;
      await run(format, DETECTORS[format]!, bytes);
    }
  }
});

Deno.test("fuzz: the largest descriptors and tables a header can claim", async () => {
  const mebibyte = (text: string) => text.repeat((1 << 20) / text.length);
  const claims = (_: Uint8Array, fields: DataView) => fields.setBigUint64(36, 2n ** 64n - 1n, true);
  const head = make.vmdk('createType="monolithicSparse"\n', claims).subarray(0, 1024);
  for (const filler of ["\n", "a=", "#\n", "rw x\n", 'createtype="', "=", " ", "ddb\n"]) {
    const bytes = new Uint8Array(2 << 20).fill(10);
    make.put(bytes, 542, mebibyte(filler));
    bytes.set(head.subarray(0, 542));
    await run(`vmdk with ${JSON.stringify(filler)}`, DETECTORS.vmdk!, bytes);
    const text = new TextEncoder().encode('createType="monolithicSparse"\n' + mebibyte(filler));
    await run(`bare descriptor with ${JSON.stringify(filler)}`, DETECTORS.vmdk!, text);
  }
  const tables = make.vhdx((_, fields) => {
    fields.setUint32(192 * 1024 + 8, 2047, true);
    fields.setUint16(make.VHDX_METADATA + 10, 2047, true);
  });
  await run("vhdx with full tables", DETECTORS.vhdx!, tables);
});

Deno.test("fuzz: the whole inspection stays within 8 MiB and never throws", async () => {
  const next = random(SEED + 2);
  const builds = Object.values(make.GOOD);
  for (let count = 0; count < RUNS; count++) {
    const bytes = spoil(builds[count % builds.length]!(), next);
    let read = 0;
    const found = await inspect((offset, length) => {
      read += length;
      return make.memoryPeek(bytes)(offset, length);
    }, { size: bytes.length });
    assert.equal(found.crashed, null);
    assert.ok(read <= MAX_BYTES_READ, `read ${read} bytes`);
  }
});

Deno.test("fuzz: the budget stops a detector that reads too much, or for too long", async () => {
  const size = 64 << 20;
  const greedy = new BudgetedPeek((_, length) => Promise.resolve(new Uint8Array(length)), size);
  await greedy.read(1 << 20, MAX_BYTES_READ);
  await assert.rejects(greedy.read(1 << 20, 1), BudgetError);
  const late = new BudgetedPeek((_, length) => Promise.resolve(new Uint8Array(length)), size, -1);
  await assert.rejects(late.read(0, 1), BudgetError);
});

Deno.test("fuzz: the maximum of all runs", () => {
  console.log(
    `most of one run: ${most.looks} looks, ${most.bytes} bytes, ${most.milliseconds.toFixed(1)} ms`,
  );
  assert.ok(most.looks > 0 && most.bytes > 0);
});
