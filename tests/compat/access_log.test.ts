/** The access log of completed responses, and of those whose client disconnected (docs/reference/images-api.md §2.6). */
import assert from "node:assert/strict";
import { startOneglance } from "./support/oneglance.ts";

/** More than the buffers between server and client can hold. */
const SIZE = 48 << 20;

async function line(log: string, mark: string): Promise<string | undefined> {
  const lines = (await Deno.readTextFile(log)).split("\n");
  return lines.find((text) => text.includes(mark) && text.includes("status: "));
}

/** Waits for the log line of the request with this mark, written when the response ends; returns its status and length. */
async function logged(log: string, mark: string): Promise<[status?: string, length?: string]> {
  const patience = AbortSignal.timeout(20_000);
  for (;;) {
    const found = await line(log, mark);
    if (found !== undefined) {
      const [, status, length] = / status: (\d+) len: (\d+) /.exec(found) ?? [];
      return [status, length];
    }
    patience.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("the access log: whole downloads, ranges, and clients that leave", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_access_" });
  const log = `${folder}/api.log`;
  const server = await startOneglance({ folder, set: { DEFAULT: { log_file: log } } });
  try {
    const created = await fetch(`${server.url}/v2/images`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ disk_format: "raw", container_format: "bare" }),
    });
    const { id } = await created.json();
    const upload = await fetch(`${server.url}/v2/images/${id}/file`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(SIZE),
    });
    assert.equal(upload.status, 204, await upload.text());

    let count = 0;
    const ask = (path: string, headers: HeadersInit = {}) => {
      const mark = `mark=${++count}.`;
      return { mark, answer: fetch(`${server.url}${path}?${mark}`, { headers }) };
    };
    const file = `/v2/images/${id}/file`;
    const rows: [name: string, path: string, headers: HeadersInit, status: string, bytes?: number][] = [
      ["a record", `/v2/images/${id}`, {}, "200"],
      ["an error", "/v2/images/none", {}, "404"],
      ["an error in JSON", "/v2/images/none", { accept: "application/json" }, "404"],
      ["a whole image", file, {}, "200", SIZE],
      ["nearly all of it", file, { range: "bytes=1-" }, "206", SIZE - 1],
      ["a few bytes", file, { range: "bytes=5-9" }, "206", 5],
    ];
    for (const [name, path, headers, status, bytes] of rows) {
      await t.step(name, async () => {
        const { mark, answer } = ask(path, headers);
        const body = await (await answer).bytes();
        assert.equal(body.length, bytes ?? body.length);
        assert.deepEqual(await logged(log, mark), [status, `${body.length}`]);
      });
    }
    await t.step("a client that leaves in the middle", async () => {
      const { mark, answer } = ask(file, { range: "bytes=1-" });
      const reader = (await answer).body!.getReader();
      await reader.read();
      await reader.cancel();
      assert.equal((await logged(log, mark))[0], "499");
    });
  } finally {
    const end = await server.stop();
    await Deno.remove(folder, { recursive: true });
    assert.equal(end.code, 0, end.log);
  }
});
