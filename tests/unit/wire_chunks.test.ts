/** Bodies in chunks, in every way the bytes may arrive. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Chunks } from "../../src/wire/chunks.ts";
import { Refused } from "../../src/wire/head.ts";
import { random as seeded } from "../support/random.ts";

/** Feeds pieces of these sizes, in turn, into views of these sizes, in turn. */
function decode(
  wire: Buffer,
  pieces: number[],
  views: number[],
): { data: Buffer; ended: boolean; rest: number } {
  const chunks = new Chunks();
  const data: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < wire.length && !chunks.ended; turn++) {
    let piece = wire.subarray(at, at + pieces[turn % pieces.length]!);
    while (piece.length > 0 && !chunks.ended) {
      const view = new Uint8Array(views[turn % views.length]!);
      const { taken, given } = chunks.decode(piece, view);
      assert.ok(taken > 0, "it gets on");
      data.push(view.slice(0, given));
      piece = piece.subarray(taken);
      at += taken;
    }
  }
  return { data: Buffer.concat(data), ended: chunks.ended, rest: wire.length - at };
}

Deno.test("any chunks, cut anywhere, give the bytes that were sent", () => {
  const random = seeded(7);
  const number = (most: number) => 1 + Math.floor(random() * most);
  for (let round = 0; round < 300; round++) {
    const data = Buffer.from(Array.from({ length: number(2000) }, () => number(255)));
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length;) {
      const part = data.subarray(at, at + number(round % 3 === 0 ? 3 : 400));
      const extension = ["", ";a=b", " ; x", ';a="b;c"'][number(4) - 1]!;
      const digits = part.length.toString(16);
      parts.push(
        Buffer.from(`${round % 2 ? digits.toUpperCase() : `00${digits}`}${extension}\r\n`),
        part,
        Buffer.from("\r\n"),
      );
      at += part.length;
    }
    const trailers = ["", "x-a: b\r\n", "x-a: b\r\nx-c: d\r\n"][number(3) - 1]!;
    const wire = Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\nGET /next`)]);
    const pieces = [number(round % 4 === 0 ? 2 : 700), number(50)];
    const got = decode(wire, pieces, [number(1000), number(20)]);
    assert.deepEqual([got.ended, got.rest], [true, 9], `round ${round}`);
    assert.equal(Buffer.compare(got.data, data), 0, `round ${round}`);
  }
});

Deno.test("what is no chunk is refused, wherever it is cut", async (t) => {
  const rows: [string, string][] = [
    ["no size", "\r\n"],
    ["no number", "zz\r\n"],
    ["a sign", "+5\r\nhello\r\n"],
    ["a prefix", "0x5\r\nhello\r\n"],
    ["a size beyond all numbers", `${"f".repeat(14)}\r\n`],
    ["a blank before", " 5\r\nhello\r\n"],
    ["LF alone behind the size", "5\nhello\r\n"],
    ["LF alone behind an extension", "5;a\nhello\r\n"],
    ["CR alone behind the size", "5\rhello"],
    ["more data than the size says", "5\r\nhello!\r\n"],
    ["LF alone behind the data", "5\r\nhello\n"],
    ["an extension without end", `5;${"a".repeat(5000)}`],
    ["a trailer without end", `0\r\n${"a".repeat(20_000)}`],
    ["trailers without end", `0\r\n${"a: b\r\n".repeat(10_000)}`],
    ["LF alone behind a trailer", "0\r\na: b\n\r\n"],
  ];
  for (const [name, wire] of rows) {
    await t.step(name, () => {
      for (const pieces of [[1], [7], [100_000]]) {
        assert.throws(() => decode(Buffer.from(wire), pieces, [100]), Refused);
      }
    });
  }
});

Deno.test("a body that is cut is not at its end", () => {
  for (
    const wire of [
      "",
      "5",
      "5\r",
      "5\r\nhel",
      "5\r\nhello",
      "5\r\nhello\r\n",
      "0\r\n",
      "0\r\nx: y\r\n",
      "0\r\n\r",
    ]
  ) {
    assert.equal(decode(Buffer.from(wire), [3], [100]).ended, false, JSON.stringify(wire));
  }
});
