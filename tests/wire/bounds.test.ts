/** Time, connections and requests that one caller may take: the options of docs/limits.md, each over real connections. */
import assert from "node:assert/strict";
import { newImage, type Served, show, until } from "../support/served.ts";
import { withService } from "../support/with_service.ts";
import { uploadHead, type Wire, wire } from "../support/wire.ts";

const GET = "GET /versions HTTP/1.1\r\nhost: a\r\n\r\n";

async function connections(server: Served, count: number): Promise<Wire[]> {
  return await Promise.all(Array.from({ length: count }, () => wire(server.port)));
}

function close(clients: Wire[]): void {
  for (const client of clients) client[Symbol.dispose]();
}

Deno.test("request_head_timeout: a head that does not end is answered 408, one that does not begin ends", () =>
  withService({ OS_ONEGLANCE__REQUEST_HEAD_TIMEOUT: "0.5" }, async (server) => {
    using silent = await wire(server.port);
    using slow = await wire(server.port);
    // Each of its bytes comes in time.
    const drip = (async () => {
      for (const letter of `GET /versions HTTP/1.1\r\nhost: ${"a".repeat(1000)}`) {
        await slow.send(letter);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })().catch(() => {});
    const answer = await slow.answer();
    assert.equal(answer.status, 408);
    assert.match(answer.head, /^connection: close$/im);
    assert.equal(await silent.rest(), "");
    slow[Symbol.dispose]();
    await drip;
  }));

Deno.test("json_body_timeout: a JSON body that stalls, or drips, is answered 408", (t) =>
  withService({ OS_ONEGLANCE__JSON_BODY_TIMEOUT: "0.5" }, async (server) => {
    const id = await newImage(server.url);
    const patch = `PATCH /v2/images/${id} HTTP/1.1\r\nhost: a\r\n` +
      "content-type: application/openstack-images-v2.1-json-patch\r\n";
    const rows: [string, string, string][] = [
      ["a length", "POST /v2/images HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n", "1"],
      ["chunks", "POST /v2/images HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\n1\r\n"],
      ["a patch", `${patch}content-length: 1000\r\n\r\n`, "["],
      ["a task", "POST /v2/tasks HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n", "{"],
    ];
    for (const [name, head, drop] of rows) {
      await t.step(name, async () => {
        using client = await wire(server.port);
        await client.send(head + drop);
        const drip = (async () => {
          for (;;) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            await client.send(drop);
          }
        })().catch(() => {});
        const answer = await client.answer();
        assert.equal(answer.status, 408, answer.body);
        assert.match(answer.body, /json_body_timeout/);
        client[Symbol.dispose]();
        await drip;
      });
    }
  }));

Deno.test("client_socket_timeout: a connection without another request ends", () =>
  withService({ OS_DEFAULT__CLIENT_SOCKET_TIMEOUT: "1" }, async (server) => {
    using client = await wire(server.port);
    await client.send(GET);
    assert.equal((await client.answer()).status, 200);
    assert.equal(await client.rest(), "");
  }));

Deno.test("client_socket_timeout: a client that takes nothing of its answer is given up", () =>
  withService({ OS_DEFAULT__CLIENT_SOCKET_TIMEOUT: "1" }, async (server) => {
    const id = await newImage(server.url);
    // More than the systems hold.
    const body = new Uint8Array(80 << 20);
    const put = await fetch(`${server.url}/v2/images/${id}/file`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body,
    });
    assert.equal(put.status, 204);
    using client = await wire(server.port);
    await client.send(`GET /v2/images/${id}/file HTTP/1.1\r\nhost: a\r\n\r\n`);
    await until(
      "it is given up",
      () => new RegExp(`GET /v2/images/${id}/file.*status: 499`).test(server.log()),
    );
  }));

Deno.test("max_connections: those that wait make room, those at work do not", () =>
  withService({ OS_ONEGLANCE__MAX_CONNECTIONS: "4" }, async (server) => {
    const ids = [];
    for (let count = 0; count < 4; count++) ids.push(await newImage(server.url));
    const idle = await connections(server, 8);
    const working: Wire[] = [];
    for (const id of ids) {
      const client = await wire(server.port);
      await client.send(uploadHead(id, 10) + "12345");
      // The last one leaves no room to ask.
      if (id !== ids[3]) await until("it runs", async () => (await show(server.url, id)).status === "saving");
      working.push(client);
    }
    const late = await wire(server.port);
    await late.send(GET);
    const answer = late.answer();
    let answered = false;
    answer.then(() => answered = true, () => {});
    await until("it is said", () => /all 4 connections are in use/.test(server.log()));
    assert.equal(answered, false);
    await working[0]!.send("67890");
    assert.equal((await working[0]!.answer()).status, 204);
    assert.equal((await answer).status, 200);
    for (const client of working.slice(1)) {
      await client.send("67890");
      assert.equal((await client.answer()).status, 204);
    }
    close([...idle, ...working, late]);
  }));

Deno.test("max_connections_per_address: one more is answered 503, and room comes back", () =>
  withService({ OS_ONEGLANCE__MAX_CONNECTIONS_PER_ADDRESS: "3" }, async (server) => {
    const clients = await connections(server, 3);
    await clients[2]!.send(GET);
    assert.equal((await clients[2]!.answer()).status, 200);
    {
      using fourth = await wire(server.port);
      const answer = await fourth.answer();
      assert.equal(answer.status, 503);
      assert.match(answer.head, /^retry-after: \d+$/im);
      assert.equal(await fourth.rest(), "");
    }
    close(clients);
    await until("there is room", async () => {
      using next = await wire(server.port);
      await next.send(GET);
      return (await next.answer()).status === 200;
    });
  }));

Deno.test("max_requests_per_address: more are answered 429, and later ones served", () =>
  withService({ OS_ONEGLANCE__MAX_REQUESTS_PER_ADDRESS: "4" }, async (server) => {
    const ask = async () => {
      using client = await wire(server.port);
      await client.send(GET);
      return await client.answer();
    };
    const statuses: number[] = [];
    for (let count = 0; count < 60; count++) statuses.push((await ask()).status);
    assert.equal(statuses[0], 200);
    // Five seconds' worth at once, and what comes back meanwhile.
    assert.ok(statuses.filter((status) => status === 200).length >= 20, statuses.join());
    assert.ok(statuses.includes(429), statuses.join());
    await until("it serves again", async () => (await ask()).status === 200);
  }));
