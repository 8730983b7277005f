/**
 * web-download from a real nginx with unusual paths (docs/reference/images-api.md §2.8.3, docs/reference/background-jobs.md §4.2): a
 * complete download becomes an image; every other leaves the image queued, its lock free, nothing staged, and a task
 * whose message gives the reason without any secret.
 */
import assert from "node:assert/strict";
import { fileHashes, randomDisk } from "./support/disks.ts";
import { hasNginx, startFileserver } from "./support/fileserver.ts";
import { startOneglance } from "./support/oneglance.ts";

const SIZE = 6 << 20;
/** Seconds without a byte after which a download fails. */
const STALL = 2;

if (!hasNginx()) console.log("skipped: tests/compat/web_download.test.ts, because there is no nginx");

/** The server behind nginx: it sends part of the data that it announced, then ends the connection or hangs. */
async function misbehave(path: string, connection: Deno.Conn): Promise<void> {
  const say = async (text: string) => void await connection.write(new TextEncoder().encode(text));
  if (path === "/silent") return;
  const chunked = path.startsWith("/chunked");
  const head = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000";
  await say(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n`);
  await say(chunked ? `10000\r\n${"x".repeat(65536)}\r\n` : "x".repeat(65536));
  if (path.endsWith("cut")) connection.close();
}

interface Bad {
  path: string;
  /** Our part of the task's message, after Glance's text. */
  reason: RegExp;
}

const BAD: Bad[] = [
  { path: "/loop", reason: /:\d+ redirects more than 5 times/ },
  { path: "/chain/1234567", reason: /redirects more than 5 times/ },
  { path: "/to_private", reason: /Redirect to disallowed URL: http:\/\/10\.0\.0\.1/ },
  { path: "/to_metadata", reason: /Redirect to disallowed URL: http:\/\/169\.254\.169\.254/ },
  { path: "/to_file", reason: /Redirect to disallowed URL: file:/ },
  { path: "/to_nowhere", reason: /Redirect to disallowed URL: http:\/\// },
  { path: "/secure", reason: /cannot be reached: the certificate is not trusted/ },
  { path: "/auth/random.raw", reason: /answered with status 401/ },
  { path: "/forbidden", reason: /answered with status 403/ },
  { path: "/teapot", reason: /answered with status 418/ },
  { path: "/nothing", reason: /answered with status 204/ },
  { path: "/files/none", reason: /has no such data/ },
  { path: "/drop", reason: /cannot be reached: the connection was cut/ },
  { path: "/behind/silent", reason: /answered with status 504/ },
  { path: "/behind/cut", reason: /The source ended early: the connection was cut/ },
  { path: "/behind/chunked_cut", reason: /The source ended early: the connection was cut/ },
  { path: "/behind/hang", reason: /No data came for 2 seconds/ },
  { path: "/behind/chunked_hang", reason: /No data came for 2 seconds/ },
];

const GOOD = [
  "/files/random.raw",
  "/redirect/random.raw",
  "/chain/123",
  "/chunked/random.raw",
  "/norange/random.raw",
  "/slow/random.raw",
];

Deno.test({ name: "web-download from a real nginx", ignore: !hasNginx() }, async (t) => {
  await using site = await startFileserver(misbehave);
  const disk = await randomDisk(`${site.folder}/random.raw`, SIZE);
  const hashes = await fileHashes(disk);
  const server = await startOneglance({
    stores: "multi",
    set: {
      DEFAULT: {
        enabled_backends: "first:file,second:file",
        enabled_import_methods: "[glance-direct,web-download,copy-image]",
      },
      import_filtering_opts: { allowed_ports: "[]" },
      // Refuses private addresses, so that the test sends nothing to other machines.
      oneglance: {
        outbound_allowed_networks: "127.0.0.0/8",
        outbound_private: "deny",
        body_stall_timeout: `${STALL}`,
      },
    },
  });
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${server.url}${path}`, init);
    return { status: answer.status, body: await answer.text() };
  };
  const json = async (path: string) => JSON.parse((await ask(path)).body);
  const create = async (): Promise<string> => {
    const body = JSON.stringify({ disk_format: "raw", container_format: "bare" });
    return JSON.parse((await ask("/v2/images", { method: "POST", body })).body).id;
  };
  const post = (id: string, uri: string) => {
    const body = JSON.stringify({ method: { name: "web-download", uri }, stores: ["first", "second"] });
    return ask(`/v2/images/${id}/import`, { method: "POST", body });
  };
  /** Imports and waits for the end; returns the image and its newest task. */
  const run = async (id: string, uri: string) => {
    const posted = await post(id, uri);
    assert.equal(posted.status, 202, posted.body);
    for (let left = 600; left > 0; left--) {
      const image = await json(`/v2/images/${id}`);
      if (!image.os_glance_import_task) {
        return { image, task: (await json(`/v2/images/${id}/tasks`)).tasks.at(-1) };
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the import of ${uri} does not end`);
  };
  const names = (folder: string) =>
    [...Deno.readDirSync(`${server.folder}/${folder}`)].map(({ name }) => name);
  const assertActive = async (id: string, uri: string) => {
    const { image, task } = await run(id, uri);
    assert.deepEqual([image.status, task.status], ["active", "success"], task.message);
    assert.deepEqual([image.size, image.virtual_size, image.stores], [SIZE, SIZE, "first,second"]);
    assert.deepEqual([image.checksum, image.os_hash_value], [hashes.md5, hashes.sha512]);
    for (const store of ["first", "second"]) {
      assert.deepEqual(await fileHashes(`${server.folder}/${store}/${id}`), hashes);
    }
  };
  const assertQueued = async (id: string, uri: string, reason: RegExp) => {
    const { image, task } = await run(id, uri);
    assert.deepEqual([image.status, image.size, image.checksum, image.os_hash_value], [
      "queued",
      null,
      null,
      null,
    ]);
    assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], [
      "",
      "first,second",
    ]);
    assert.deepEqual([task.status, task.type, task.result], ["failure", "api_image_import", null]);
    assert.match(task.message, /^Task failed due to Internal Error: /);
    assert.match(task.message, reason);
    const shown = await json(`/v2/tasks/${task.id}`);
    assert.deepEqual([shown.status, shown.message], [task.status, task.message]);
    for (const folder of ["staging", "first", "second"]) {
      assert.deepEqual(names(folder).filter((name) => name.includes(id)), [], folder);
    }
    return task.message as string;
  };
  try {
    // For a host name the download connects to the address that the check resolved.
    for (const url of [site.url, site.url.replace("127.0.0.1", "localhost")]) {
      const { hostname } = new URL(url);
      for (const path of GOOD) {
        await t.step(`${hostname}${path}`, async () => await assertActive(await create(), url + path));
      }
      for (const { path, reason } of BAD) {
        await t.step(`${hostname}${path}`, async () => {
          const id = await create();
          await assertQueued(id, url + path, reason);
          // The lock is free: the next import of the same image succeeds.
          await assertActive(id, `${url}/files/random.raw`);
        });
      }
    }
    await t.step("neither a message nor the log shows a query, which may hold a secret", async () => {
      const uri = `${site.url}/auth/random.raw?token=hush`;
      assert.doesNotMatch(await assertQueued(await create(), uri, /answered with status 401/), /hush|random/);
    });
    await t.step("an untrusted certificate, a server without TLS, a port without a server", async () => {
      const id = await create();
      await assertQueued(id, `${site.secureUrl}/files/random.raw`, /the certificate is not trusted/);
      await assertQueued(
        id,
        `${site.url.replace("http:", "https:")}/files/random.raw`,
        /the TLS handshake failed/,
      );
      await assertQueued(
        id,
        "http://127.0.0.1:9/disk",
        /cannot be reached: (connection refused|the port is)/,
      );
    });
    await t.step("addresses that are refused at once", async () => {
      const id = await create();
      for (
        const uri of [
          "http://10.0.0.1/disk",
          "http://[::ffff:169.254.169.254]/",
          "ftp://127.0.0.1/disk",
          "http://user:sesame@127.0.0.1/",
        ]
      ) {
        const { status, body } = await post(id, uri);
        assert.equal(status, 400, uri);
        assert.match(body, /does not pass filtering/);
        assert.doesNotMatch(body, /sesame/);
      }
      assert.deepEqual((await json(`/v2/images/${id}/tasks`)).tasks, []);
    });
    await t.step("what the web server was asked for", async () => {
      const asked = await site.asked();
      assert.equal(asked.filter((line) => line === "GET /loop 302").length, 12);
      assert.ok(asked.includes("GET /auth/random.raw?token=hush 401"));
    });
  } finally {
    const { code, log } = await server.stop();
    assert.equal(code, 0, log);
    assert.doesNotMatch(log, /sesame|hush/);
  }
});
