/** Signals: running transfers complete, no new request begins, and what takes too long is put back. */
import assert from "node:assert/strict";
import { oneglance } from "../compat/support/oneglance.ts";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { pause } from "../support/crash.ts";
import { uploadHead, wire } from "../support/wire.ts";

const SIZE = 3_000_000;

/** Runs a test against a service with its own directory. */
async function withService(
  set: Record<string, string>,
  action: (server: Served, images: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-stop-" });
  const server = await serve(dir, set);
  try {
    await action(server, `${dir}/images`);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Sends half of an upload. */
async function halfUploaded(server: Served, bytes: Uint8Array) {
  const id = await newImage(server.url);
  const client = await wire(server.port);
  await client.send(uploadHead(id, bytes.length));
  await client.send(bytes.subarray(0, bytes.length / 2));
  await until("the upload runs", async () => (await show(server.url, id)).status === "saving");
  return { id, client };
}

async function stopping(server: Served): Promise<void> {
  await until("it is stopping", async () => (await status(server)) === 503);
}

/** Waits for the service to end and returns its exit code; throws when it does not end in time. */
async function exitCode(server: Served): Promise<number | undefined> {
  let code: number | undefined;
  server.ended.then((found) => code = found);
  await until("it has ended", () => code !== undefined);
  return code;
}

/** Returns the status of a new request on a new connection. */
async function status(server: Served): Promise<number> {
  using client = await wire(server.port);
  await client.send("GET /v2/images HTTP/1.1\r\nhost: glance\r\nconnection: close\r\n\r\n");
  return (await client.answer()).status;
}

Deno.test("SIGTERM: an upload and a slow download complete, new requests get 503, exit code 0", () =>
  withService({}, async (server, images) => {
    const bytes = noise(SIZE);
    const big = await newImage(server.url);
    const all = noise(40 << 20);
    await fetch(`${server.url}/v2/images/${big}/file`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: all,
    }).then((response) => assert.equal(response.status, 204));
    const download = await fetch(`${server.url}/v2/images/${big}/file`);
    const reader = download.body!.getReader();
    let got = (await reader.read()).value!.length;
    const { id, client } = await halfUploaded(server, bytes);

    server.child.kill("SIGTERM");
    await stopping(server);
    await client.send(bytes.subarray(bytes.length / 2));
    assert.equal((await client.answer()).status, 204);
    client[Symbol.dispose]();
    assert.equal(await status(server), 503);
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) got += piece.value.length;
    assert.equal(got, all.length);
    assert.equal(await server.ended, 0, server.log());
    assert.deepEqual(filesIn(images), [big, id].toSorted());
  }));

Deno.test("SIGTERM: the health check reports that the service stops", () =>
  withService({}, async (server) => {
    const { client } = await halfUploaded(server, noise(SIZE));
    assert.equal((await fetch(`${server.url}/healthcheck`).then((r) => (r.body?.cancel(), r))).status, 200);
    server.child.kill("SIGTERM");
    await stopping(server);
    assert.equal((await fetch(`${server.url}/healthcheck`).then((r) => (r.body?.cancel(), r))).status, 503);
    client[Symbol.dispose]();
    assert.equal(await server.ended, 0);
  }));

Deno.test("after the grace period the upload is aborted, the image queued, no file left", () =>
  withService({ OS_ONEGLANCE__GRACEFUL_SHUTDOWN_TIMEOUT: "1" }, async (server, images) => {
    const { id, client } = await halfUploaded(server, noise(SIZE));
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0, server.log());
    client[Symbol.dispose]();
    assert.match(server.log(), /1 requests? did not complete within 1 s/);
    assert.deepEqual(filesIn(images), []);
    // The stopping process puts the image back, not the next start.
    const again = await serve(images.replace(/\/images$/, ""));
    try {
      assert.equal((await show(again.url, id)).status, "queued");
      assert.doesNotMatch(again.log(), /was interrupted/);
    } finally {
      await again.crash();
    }
  }));

Deno.test("graceful_shutdown_timeout = 0 waits without limit", () =>
  withService({ OS_ONEGLANCE__GRACEFUL_SHUTDOWN_TIMEOUT: "0" }, async (server, images) => {
    const bytes = noise(SIZE);
    const { id, client } = await halfUploaded(server, bytes);
    server.child.kill("SIGTERM");
    await stopping(server);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    await client.send(bytes.subarray(bytes.length / 2));
    assert.equal((await client.answer()).status, 204);
    client[Symbol.dispose]();
    assert.equal(await server.ended, 0);
    assert.deepEqual(filesIn(images), [id]);
  }));

Deno.test("a second SIGTERM ends the process at once", () =>
  withService({ OS_ONEGLANCE__GRACEFUL_SHUTDOWN_TIMEOUT: "0" }, async (server) => {
    const { client } = await halfUploaded(server, noise(SIZE));
    server.child.kill("SIGTERM");
    await stopping(server);
    await pause(600);
    server.child.kill("SIGTERM");
    assert.equal(await exitCode(server), 143);
    client[Symbol.dispose]();
  }));

Deno.test("signals within half a second count as one: Ctrl-C comes from the terminal and from the parent process", () =>
  withService({}, async (server, images) => {
    const bytes = noise(SIZE);
    const { id, client } = await halfUploaded(server, bytes);
    for (let i = 0; i < 3; i++) {
      server.child.kill("SIGINT");
      await pause(20);
    }
    await stopping(server);
    await client.send(bytes.subarray(bytes.length / 2));
    assert.equal((await client.answer()).status, 204);
    client[Symbol.dispose]();
    assert.equal(await server.ended, 0);
    assert.deepEqual(filesIn(images), [id]);
  }));

Deno.test("SIGTERM: the stop does not wait for idle connections", () =>
  withService({ OS_ONEGLANCE__GRACEFUL_SHUTDOWN_TIMEOUT: "0" }, async (server) => {
    using client = await wire(server.port);
    await client.send("GET /versions HTTP/1.1\r\nhost: glance\r\n\r\n");
    assert.equal((await client.answer()).status, 200);
    server.child.kill("SIGTERM");
    assert.equal(await exitCode(server), 0);
  }));

Deno.test("SIGTERM ends a process at once that waits for an address in use", () =>
  withService({}, async (server) => {
    const dir = await Deno.makeTempDir({ prefix: "oneglance-stop-" });
    const config = `${dir}/glance-api.conf`;
    await Deno.writeTextFile(
      config,
      `[DEFAULT]\nbind_host = 127.0.0.1\nbind_port = ${server.port}\nlog_file = ${dir}/log\n` +
        `[database]\nconnection = sqlite:///${dir}/glance.sqlite\n`,
    );
    const { name, args } = oneglance(["serve", "--config-file", config]);
    const second = new Deno.Command(name, { args, stdin: "null", stdout: "null" }).spawn();
    try {
      const log = () => Deno.readTextFile(`${dir}/log`).catch(() => "");
      await until("it waits", async () => (await log()).includes("is in use; trying again"));
      second.kill("SIGTERM");
      // A wait to its end gives another exit code.
      assert.equal((await second.status).code, 0);
    } finally {
      await second.status;
      await Deno.remove(dir, { recursive: true });
    }
  }));
