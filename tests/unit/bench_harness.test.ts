import assert from "node:assert/strict";
import { readWrk, runLoad } from "../bench/harness/load.ts";
import { type Figure, ratioOf, verdictOf } from "../bench/harness/measure.ts";
import { ownLoad } from "../bench/harness/own_load.ts";
import { tableText } from "../bench/harness/report.ts";
import { spread, takeTurns } from "../bench/harness/statistics.ts";
import { findProgram } from "../bench/harness/command.ts";

const flat = (value: number) => ({ median: value, min: value, max: value });

function serving(handler: Deno.ServeHandler) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return { url: `http://127.0.0.1:${server.addr.port}/`, stop: () => server.shutdown() };
}

Deno.test("spread: median of odd and even counts, no samples, a sample that is no number", () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
  assert.throws(() => spread([]), /no usable samples/);
  assert.throws(() => spread([1, NaN]), /no usable samples/);
});

Deno.test("takeTurns: A B A B, each way's samples apart", async () => {
  const order: string[] = [];
  const way = (name: string, value: number) => () => {
    order.push(name);
    return Promise.resolve(value);
  };
  assert.deepEqual(await takeTurns(2, [way("A", 1), way("B", 2)]), [[1, 1], [2, 2]]);
  assert.deepEqual(order, ["A", "B", "A", "B"]);
});

Deno.test("verdict: by ratio, by median, by the worst sample, without target", () => {
  const figure: Figure = { name: "f", unit: "u", ours: { median: 150, min: 100, max: 210 } };
  assert.equal(verdictOf(figure), null);
  assert.equal(verdictOf({ ...figure, target: { of: "ours", op: "≤", value: 200 } }), "ok");
  assert.equal(verdictOf({ ...figure, target: { of: "worst", op: "≤", value: 200 } }), "short");
  const beside: Figure = { ...figure, limit: { name: "l", ...flat(100) } };
  assert.equal(ratioOf(beside), 1.5);
  assert.equal(verdictOf({ ...beside, target: { of: "ratio", op: "≥", value: 1.5 } }), "ok");
  assert.equal(verdictOf({ ...beside, target: { of: "ratio", op: "<", value: 1.5 } }), "short");
  assert.throws(() => verdictOf({ ...figure, target: { of: "ratio", op: "≥", value: 1 } }), /no limit/);
});

Deno.test("table: a skipped measure is a visible line", () => {
  const text = tableText([
    { name: "download", skipped: "nginx is not installed" },
    {
      name: "show",
      unit: "req/s",
      ours: flat(5000),
      limit: { name: "bare", ...flat(20_000) },
      target: { of: "ratio", op: "≥", value: 0.25 },
      note: "p99 3 ms",
    },
  ]);
  assert.match(text, /\| download +\| skipped: nginx is not installed +\|.*\| skipped \|/);
  assert.match(text, /\| show +\| 5,000 req\/s .*\| 0\.25 +\| ratio ≥ 0\.25 \| ok +\|/);
  assert.match(text, /show: p99 3 ms/);
});

Deno.test("readWrk: units of latency, answers that were not 2xx, socket errors", () => {
  const report = `  Latency Distribution
     50%  850.00us
     75%    1.10ms
     99%    1.50s
  1000 requests in 1.00s, 1.00MB read
Requests/sec:   1234.50
`;
  assert.deepEqual(readWrk(report, "u"), { requestsPerSecond: 1234.5, p50Ms: 0.85, p99Ms: 1500 });
  assert.throws(() => readWrk(`${report}  Non-2xx or 3xx responses: 7\n`, "u"), /responses: 7/);
  assert.throws(() => readWrk(`  Socket errors: connect 1, read 0\n${report}`, "u"), /Socket errors/);
  assert.throws(() => readWrk("", "u"), /said nothing/);
});

Deno.test("own client: counts what the server saw, with a length and in chunks", async () => {
  for (const chunked of [false, true]) {
    let seen = 0;
    const bodies = new Set<string>();
    const { url, stop } = serving(async (request) => {
      seen++;
      bodies.add(await request.text());
      return new Response(
        chunked ? ReadableStream.from([new Uint8Array(70_000), new Uint8Array(9)]) : "é".repeat(3000),
      );
    });
    try {
      const load = { url, connections: 3, seconds: 0.2, json: '{"name":"é"}' };
      const result = await ownLoad(load);
      assert.ok(seen > 3, `${seen} requests`);
      // The rate is over the time until the last answer, a little more than asked for.
      assert.ok(result.requestsPerSecond > 0 && result.requestsPerSecond <= seen / 0.2);
      assert.ok(result.p50Ms > 0 && result.p50Ms <= result.p99Ms);
      assert.deepEqual([...bodies], [load.json]);
    } finally {
      await stop();
    }
  }
});

Deno.test("load: an answer that is not 2xx is trouble, by either client", async () => {
  const { url, stop } = serving(() => new Response("no", { status: 503 }));
  try {
    await assert.rejects(ownLoad({ url, connections: 1, seconds: 0.1 }), /503/);
    if (findProgram("wrk")) {
      await assert.rejects(runLoad({ url, connections: 1, seconds: 1 }), /Non-2xx/);
    }
  } finally {
    await stop();
  }
});
