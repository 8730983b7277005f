/**
 * How much of a body is taken after the request was refused, as a client sees it that sends 1 GiB as fast as it can.
 * What the systems of both sides hold for a connection whose peer reads nothing is measured beside it. Prints a table.
 */
import assert from "node:assert/strict";
import { keystoneOptions } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";
import type { Served } from "../support/served.ts";
import { uploadHead, type Wire, wire } from "../support/wire.ts";
import { withService } from "../support/with_service.ts";

const GIB = 1 << 30;
const MOST = 4 << 20;
const CAP = 1_000_000;

/** Options as environment variables. */
function environment(options: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`OS_${name.replace(".", "__").toUpperCase()}`, value]),
  );
}

type Kind = "with a length" | "chunked" | "Expect: 100-continue" | "chunked, Expect: 100-continue";
const KINDS: Kind[] = ["with a length", "chunked", "Expect: 100-continue", "chunked, Expect: 100-continue"];

/** Sends until the connection takes no more; bytes that it took. */
async function flood(client: Wire, chunked: boolean): Promise<number> {
  const block = new Uint8Array(1 << 16);
  let sent = 0;
  try {
    for (; sent < GIB; sent += block.length) {
      if (chunked) await client.send("10000\r\n");
      await client.send(block);
      if (chunked) await client.send("\r\n");
    }
  } catch {
    // The connection has ended.
  }
  return sent;
}

/** Bytes that a connection takes whose peer reads `read` of them and then no more. */
async function held(read: number): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await wire((listener.addr as Deno.NetAddr).port);
  const peer = await listener.accept();
  const sending = flood(client, false);
  const block = new Uint8Array(1 << 19);
  for (let got = 0; got < read;) got += await peer.read(block) ?? Infinity;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  peer.close();
  listener.close();
  return await sending;
}

interface Refused {
  id: string;
  token?: string;
  status: number;
  /** Bytes that must be read before the refusal, where the size is not declared. */
  reads?: number;
}

async function refused(server: Served, kind: Kind, { id, token, status, reads }: Refused): Promise<number> {
  const chunked = kind.startsWith("chunked");
  const waits = kind.endsWith("continue");
  const head = uploadHead(id, chunked ? null : GIB, {
    ...(waits ? { expect: "100-continue" } : {}),
    ...(token ? { "x-auth-token": token } : {}),
  });
  using client = await wire(server.port);
  await client.send(head);
  // A client that waits to be asked gets the refusal and no `100 Continue`; then it sends all the same.
  const asks = waits && chunked && reads !== undefined;
  if (asks) assert.equal((await client.answer()).status, 100);
  const sending = waits && !asks ? undefined : flood(client, chunked);
  const answer = await client.answer();
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.head, /^connection: close$/im);
  return await (sending ?? flood(client, chunked));
}

function runtime(): string {
  return Deno.env.has("ONEGLANCE_BIN") ? "of the executable" : Deno.version.deno;
}

Deno.test("no more than 4 MiB of a body are taken after a 401, 403, 409 or 413", async (t) => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("owner", { user: "owner", project: "one", roles: ["member", "reader"] });
  keystone.tokens.set("other", { user: "other", project: "two", roles: ["member", "reader"] });
  const options = keystoneOptions(keystone.url, {
    "DEFAULT.image_size_cap": String(CAP),
    "oslo_policy.enforce_new_defaults": "true",
  });
  await withService(environment(options), async (server) => {
    const create = async (visibility: string) => {
      const response = await fetch(`${server.url}/v2/images`, {
        method: "POST",
        headers: { "x-auth-token": "owner" },
        body: JSON.stringify({ disk_format: "raw", container_format: "bare", visibility }),
      });
      assert.equal(response.status, 201);
      return (await response.json()).id as string;
    };
    const [open, active, queued] = [
      await create("community"),
      await create("private"),
      await create("private"),
    ];
    const response = await fetch(`${server.url}/v2/images/${active}/file`, {
      method: "PUT",
      headers: { "x-auth-token": "owner", "content-type": "application/octet-stream" },
      body: "data",
    });
    assert.equal(response.status, 204);

    const [unread, after] = [await held(0), await held(CAP)];
    const table: string[] = [];
    for (
      const row of [
        { id: queued, status: 401 },
        { id: open, token: "other", status: 403 },
        { id: active, token: "owner", status: 409 },
        { id: queued, token: "owner", status: 413, reads: CAP },
      ] as Refused[]
    ) {
      for (const kind of KINDS) {
        await t.step(`${row.status}, ${kind}`, async () => {
          const sent = await refused(server, kind, row);
          const systems = row.reads && kind.startsWith("chunked") ? after : unread;
          const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`.padStart(10);
          table.push(`  ${row.status} ${kind.padEnd(29)} ${kib(sent)} ${kib(systems)}`);
          assert.ok(sent - systems <= MOST, `${sent} bytes were taken`);
        });
      }
    }
    console.log(
      `of 1 GiB: sent in all, and what the systems hold by themselves (Deno ${runtime()})\n${
        table.join("\n")
      }`,
    );
  });
});

Deno.test("an upload that is wanted is asked for once, and taken", () =>
  withService({}, async (server) => {
    const response = await fetch(`${server.url}/v2/images`, {
      method: "POST",
      body: JSON.stringify({ disk_format: "raw", container_format: "bare" }),
    });
    const { id } = await response.json();
    using client = await wire(server.port);
    await client.send(uploadHead(id, 5, { expect: "100-continue" }));
    assert.equal((await client.answer()).head, "HTTP/1.1 100 Continue");
    await client.send("bytes");
    assert.equal((await client.answer()).status, 204);
    // The connection serves on, and one that sends at once is not asked.
    await client.send(uploadHead(id, 5, { expect: "100-continue" }) + "bytes");
    assert.equal((await client.answer()).status, 409);
  }));
