/** What is no request, or could be two, is refused before the service sees it, and the connection ends (RFC 9112). */
import assert from "node:assert/strict";
import { Dice } from "../support/random.ts";
import { newImage, type Served, until } from "../support/served.ts";
import { wire } from "../support/wire.ts";
import { withService } from "../support/with_service.ts";

const IMAGE = JSON.stringify({ disk_format: "raw", container_format: "bare" });
const CHUNKED = `${IMAGE.length.toString(16)}\r\n${IMAGE}\r\n0\r\n\r\n`;
/** Would be answered by a server that takes what came before for another body than we do. */
const NEXT = "GET /versions HTTP/1.1\r\nhost: next\r\n\r\n";

const post = (fields: string, body = IMAGE) =>
  `POST /v2/images HTTP/1.1\nhost: glance\n${fields}\n\n`.replaceAll("\n", "\r\n") + body;
const get = (fields: string, target = "/v2/images") =>
  `GET ${target} HTTP/1.1\n${fields}\n\n`.replaceAll("\n", "\r\n");

async function images(server: Served): Promise<number> {
  return (await (await fetch(`${server.url}/v2/images`)).json()).images.length;
}

Deno.test("framing that can be read in two ways", (t) =>
  withService({}, async (server) => {
    const length = IMAGE.length;
    const rows: [string, string, number][] = [
      [
        "Content-Length beside Transfer-Encoding",
        post(`content-length: 4\ntransfer-encoding: chunked`, CHUNKED),
        400,
      ],
      [
        "Transfer-Encoding beside Content-Length",
        post(`transfer-encoding: chunked\ncontent-length: 4`, CHUNKED),
        400,
      ],
      ["gzip, chunked", post("transfer-encoding: gzip, chunked", CHUNKED), 400],
      ["chunked, identity", post("transfer-encoding: chunked, identity", CHUNKED), 400],
      ["identity", post(`transfer-encoding: identity`), 400],
      ["xchunked", post("transfer-encoding: xchunked", CHUNKED), 400],
      ["two codings", post("transfer-encoding: chunked\ntransfer-encoding: identity", CHUNKED), 400],
      ["two lengths", post(`content-length: ${length}\ncontent-length: 4`), 400],
      ["a list of lengths", post(`content-length: ${length}, ${length}`), 400],
      ["a signed length", post(`content-length: +${length}`), 400],
      ["no Host", get("accept: */*"), 400],
      ["two Hosts", get("host: a\nhost: b"), 400],
      ["an empty Host", get("host:"), 400],
      ["a Host with a path and a user", get("host: a/b@c", "/versions"), 400],
      ["a blank before the colon", post(`content-length : ${length}`), 400],
      ["a folded header", get("host: a\nx-a: b\n c"), 400],
      ["lines that end with LF alone", "GET /versions HTTP/1.1\nhost: a\r\n\r\n", 400],
      ["a target without a slash", get("host: a", "versions"), 400],
      ["a method with a control character", `G\x01T /versions HTTP/1.1\r\nhost: a\r\n\r\n`, 400],
      ["HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 505],
      ["an expectation that nobody knows", post(`content-length: ${length}\nexpect: a-miracle`), 417],
    ];
    for (const [name, request, status] of rows) {
      await t.step(`${name} → ${status}, and the connection ends`, async () => {
        using client = await wire(server.port);
        await client.send(request + NEXT);
        const answer = await client.answer();
        assert.equal(answer.status, status);
        assert.match(answer.head, /^connection: close$/im);
        assert.equal(await client.rest(), "", "no second answer");
      });
    }
    assert.equal(await images(server), 0);
  }));

Deno.test("what is right is served, and the connection stays", (t) =>
  withService({}, async (server) => {
    const rows: [string, string, number, string][] = [
      ["a length", post(`content-length: ${IMAGE.length}`), 201, "Created"],
      ["chunks", post("transfer-encoding: chunked", CHUNKED), 201, "Created"],
      [
        "chunks with extensions and trailers",
        post(
          "transfer-encoding: CHUNKED",
          CHUNKED.replace("\r\n", ";a=b\r\n").replace(/\r\n$/, "x-a: b\r\n\r\n"),
        ),
        201,
        "Created",
      ],
      ["an absolute target", get("host: a", "http://glance:9292/versions"), 200, "OK"],
      ["empty lines before", `\r\n\r\n${get("host: a", "/versions")}`, 200, "OK"],
      [
        "a short body that is refused",
        "PUT /v2/images HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello",
        405,
        "Method Not Allowed",
      ],
      ["a body with GET", "GET /v2/images HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello", 200, "OK"],
    ];
    for (const [name, request, status, reason] of rows) {
      await t.step(`${name} → ${status}`, async () => {
        using client = await wire(server.port);
        await client.send(request + NEXT);
        const answer = await client.answer();
        assert.equal(answer.status, status, answer.body);
        assert.equal(answer.head.split("\r\n")[0], `HTTP/1.1 ${status} ${reason}`);
        const second = await client.answer();
        assert.equal(second.status, 200);
        assert.match(second.body, /http:\/\/next\/v2\//);
      });
    }
    await t.step("requests that come at once are answered in their order", async () => {
      using client = await wire(server.port);
      await client.send(get("host: a", "/versions") + get("host: a", "/v2/nothing") + NEXT);
      assert.deepEqual([
        (await client.answer()).status,
        (await client.answer()).status,
        (await client.answer()).status,
      ], [200, 404, 200]);
    });
    await t.step("HTTP/1.0: the answer, then the end", async () => {
      using client = await wire(server.port);
      await client.send("GET /healthcheck HTTP/1.0\r\n\r\n");
      const all = await client.rest();
      assert.match(all, /^HTTP\/1\.1 200 OK\r\n/);
      assert.doesNotMatch(all, /transfer-encoding/i);
    });
    await t.step("HEAD: the length of the answer, and nothing of it", async () => {
      using client = await wire(server.port);
      await client.send(`HEAD /v2/images HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
      assert.match(await client.rest(), /\r\n\r\n$/);
    });
    await t.step("upstream's reason of a refusal", async () => {
      using client = await wire(server.port);
      await client.send(post(`content-length: ${2 << 20}`, ""));
      assert.match((await client.answer()).head, /^HTTP\/1\.1 413 Request Entity Too Large\r\n/);
    });
  }));

Deno.test("limits of heads", (t) =>
  withService({}, async (server) => {
    const rows: [string, string, number][] = [
      ["99 headers", get(`host: a\n${Array(98).fill("x-a: b").join("\n")}`), 200],
      ["101 headers", get(`host: a\n${Array(100).fill("x-a: b").join("\n")}`), 431],
      ["a URL of 16 kB", get("host: a", `/v2/images?tag=${"a".repeat(16_000)}`), 200],
      ["a URL of 66 kB", get("host: a", `/v2/images?tag=${"a".repeat(66_000)}`), 414],
      ["a token of 16 kB", get(`host: a\nx-auth-token: ${"a".repeat(16_000)}`), 200],
      ["a token of 70 kB", get(`host: a\nx-auth-token: ${"a".repeat(70_000)}`), 431],
      ["60 kB in all", get(`host: a\n${Array(6).fill(`x-a: ${"a".repeat(10_000)}`).join("\n")}`), 200],
      ["70 kB in all", get(`host: a\n${Array(7).fill(`x-a: ${"a".repeat(10_000)}`).join("\n")}`), 431],
    ];
    for (const [name, request, status] of rows) {
      await t.step(`${name} → ${status}`, async () => {
        using client = await wire(server.port);
        await client.send(request);
        assert.equal((await client.answer()).status, status);
      });
    }
  }));

Deno.test("limits of heads are options", () =>
  withService({
    OS_DEFAULT__MAX_HEADER_LINE: "100000",
    OS_ONEGLANCE__MAX_REQUEST_HEADERS: "200",
    OS_DEFAULT__HTTP_KEEPALIVE: "false",
  }, async (server) => {
    for (const fields of [`x-auth-token: ${"a".repeat(70_000)}`, Array(150).fill("x-a: b").join("\n")]) {
      using client = await wire(server.port);
      await client.send(get(`host: a\n${fields}`) + NEXT);
      const answer = await client.answer();
      assert.equal(answer.status, 200);
      assert.match(answer.head, /^connection: close$/im);
      assert.equal(await client.rest(), "");
    }
  }));

Deno.test("bytes that are no request, or nearly one: each is answered or its connection ends, and the service lives", () =>
  withService({}, async (server) => {
    const dice = new Dice(11);
    const seeds = [
      post(`content-length: ${IMAGE.length}`),
      post("transfer-encoding: chunked", CHUNKED),
      get("host: a\nexpect: 100-continue", "/v2/images?limit=1"),
      NEXT,
    ];
    const scraps = [
      "\r\n",
      "\r",
      "\n",
      "\0",
      ":",
      " ",
      "\t",
      "ffff",
      "0\r\n\r\n",
      "content-length: 3\r\n",
      "\xff",
      ";",
    ];
    for (let round = 0; round < 200; round++) {
      let text = dice.of(seeds);
      for (let change = dice.below(4); change >= 0; change--) {
        const at = dice.below(text.length);
        text = text.slice(0, at) + dice.of(scraps) + text.slice(at + dice.below(6));
      }
      using client = await wire(server.port);
      await client.send(Uint8Array.from(text, (char) => char.charCodeAt(0)));
      await client.finish();
      const all = await client.rest();
      assert.match(all, /^(HTTP\/1\.1 [1-5]\d\d |$)/, JSON.stringify(text));
      assert.doesNotMatch(all, /^HTTP\/1\.1 500 /m, JSON.stringify(text));
    }
    assert.equal((await fetch(`${server.url}/versions`)).status, 200);
    assert.doesNotMatch(server.log(), / (ERROR|CRITICAL) /);
  }));

Deno.test("data that ends early in the store: the connection ends, and the log says why", () =>
  withService({}, async (server, dir) => {
    const id = await newImage(server.url);
    const put = await fetch(`${server.url}/v2/images/${id}/file`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      // More than the systems hold.
      body: new Uint8Array(80 << 20),
    });
    assert.equal(put.status, 204);
    using client = await wire(server.port);
    await client.send(get("host: a", `/v2/images/${id}/file`));
    await client.head();
    await Deno.truncate(`${dir}/images/${id}`, 1000);
    await client.skip();
    await until(
      "it is said",
      () => /does not have the 83886080 bytes of its Content-Length/.test(server.log()),
    );
    const line = new RegExp(`GET /v2/images/${id}/file.*status: 500`);
    await until("it is in the access log", () => line.test(server.log()));
  }));
