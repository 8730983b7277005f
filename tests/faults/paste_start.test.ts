/** Starts with glance-api.conf and glance-api-paste.ini in one folder: which combinations serve, and which fail. */
import assert from "node:assert/strict";
import { AUTHTOKEN, pasteOf, withPasteFile } from "../support/paste.ts";
import { keystoneOptions } from "../support/auth.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Runs the program with a configuration file until it ends or `listens` has run; returns its output and exit code. */
async function run(
  command: string[],
  conf: string,
  listens: (url: string) => Promise<void> = () => Promise.resolve(),
): Promise<{ code: number; said: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `--config=${ROOT}deno.json`, `${ROOT}main.ts`, ...command]
      .concat("--config-file", conf),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  let asked: Promise<void> | undefined;
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
      const url = /listens on (http:\/\/\S+)\n/.exec(said)?.[1];
      if (url) asked ??= listens(url).finally(() => child.kill("SIGTERM"));
    }
  };
  const [{ code }] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  await asked;
  return { code, said };
}

async function withConfiguration(
  paste: string,
  options: Record<string, string>,
  use: (conf: string, pastePath: string) => Promise<void>,
): Promise<void> {
  await withPasteFile(paste, async (pastePath) => {
    const folder = pastePath.slice(0, pastePath.lastIndexOf("/"));
    const all = {
      "DEFAULT.bind_host": "127.0.0.1",
      "DEFAULT.bind_port": "0",
      "DEFAULT.node_staging_uri": `file://${folder}/staging`,
      "database.connection": `sqlite:///${folder}/glance.sqlite`,
      "glance_store.filesystem_store_datadir": `${folder}/images`,
      ...options,
    };
    const lines = Object.entries(all).map(([key, value]) => {
      const cut = key.indexOf(".");
      return `[${key.slice(0, cut)}]\n${key.slice(cut + 1)} = ${value}\n`;
    });
    const conf = `${folder}/glance-api.conf`;
    await Deno.writeTextFile(conf, lines.join(""));
    await use(conf, pastePath);
  });
}

Deno.test("no flavor, a pipeline with authtoken and context, loopback: no caller is an administrator without a token", async () => {
  const { "paste_deploy.flavor": _, ...login } = keystoneOptions("http://127.0.0.1:9");
  await withConfiguration(pasteOf("authtoken context"), login, async (conf) => {
    assert.equal((await run(["db", "sync"], conf)).code, 0);
    let status = 0;
    const { code, said } = await run(["serve"], conf, async (url) => {
      const response = await fetch(`${url}/v2/images`);
      await response.body?.cancel();
      status = response.status;
    });
    assert.equal(status, 401, said);
    assert.equal(code, 0, said);
    assert.match(said, /glance-api-paste\.ini: glance-api is authtoken context apiv2app/);
    assert.match(said, /service_token_roles_required is not set, so it is true/);
  });
});

Deno.test("an unknown filter ends the start, with file and line, before the server listens", async () => {
  const more = `${AUTHTOKEN}[filter:wall]\npaste.filter_factory = ours.wall:factory\n`;
  await withConfiguration(pasteOf("wall authtoken context", more), {}, async (conf, paste) => {
    const { code, said } = await run(["serve"], conf, () => assert.fail("it listens"));
    assert.equal(code, 5, said);
    assert.ok(said.includes(`${paste}:2: the filter wall (ours.wall:factory) is unknown`), said);
  });
});

Deno.test("a public address and a pipeline without authentication: refused with the line of the pipeline", async () => {
  const options = { "DEFAULT.bind_host": "0.0.0.0", "paste_deploy.flavor": "" };
  await withConfiguration(pasteOf("unauthenticated-context"), options, async (conf, paste) => {
    const { code, said } = await run(["serve"], conf, () => assert.fail("it listens"));
    assert.equal(code, 5, said);
    assert.ok(said.includes(`${paste}:2: Without authentication everybody who reaches 0.0.0.0`), said);
  });
});

Deno.test("a pipeline with the image cache gives a warning, because oneglance has no cache", async () => {
  const options = { "DEFAULT.image_cache_dir": "/var/lib/glance/image-cache" };
  await withConfiguration(pasteOf("unauthenticated-context cache"), options, async (conf, paste) => {
    await run(["db", "sync"], conf);
    const { said } = await run(["serve"], conf);
    assert.match(said, /WARNING .*the image cache is not there yet/);
    assert.ok(said.includes(`${paste}:2: the image cache`), said);
  });
});
