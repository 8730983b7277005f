/** The first start without a configuration: the printed commands work, and each failure names its reason. */
import assert from "node:assert/strict";
import { newImage, noise, serve, until } from "../support/served.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-first-" });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function output(command: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, cwd, env, stdin: "null" })
    .output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Runs a `serve` that ends by itself. */
function start(dir: string, ...given: string[]) {
  return startWith({}, dir, ...given);
}

function startWith(env: Record<string, string>, dir: string, ...args: string[]) {
  const source = ["run", "-A", "--no-check", "--quiet", `--config=${ROOT}deno.json`, `${ROOT}main.ts`];
  return output(Deno.execPath(), [...source, "serve", ...args], dir, env);
}

Deno.test("the printed commands upload and show an image when they are copied into a shell", () =>
  inTempDir(async (dir) => {
    const server = await serve(`${dir}/data`);
    try {
      await until("the banner is whole", () => server.log().includes("Ctrl-C stops"));
      const block = /A first image.*\n\n((?: {2}.*\n)+)\n/.exec(server.log());
      assert.ok(block, server.log());
      const { code, out, err } = await output("sh", ["-e", "-c", block[1]!], dir);
      assert.equal(code, 0, err);
      const shown = JSON.parse(out.slice(out.lastIndexOf('{"')));
      assert.equal(shown.status, "active");
      assert.equal(shown.size, 16777216);
    } finally {
      await server.crash();
    }
  }));

Deno.test("the error names a data directory that cannot be created, and what to do", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    const { code, err } = await start(
      dir,
      "--standalone",
      "--data-dir",
      `${dir}/file/data`,
      "--bind-port",
      "0",
    );
    assert.equal(code, 5);
    assert.match(
      err,
      /^ERROR: \S+\/file\/data: the data cannot be kept there \(.+\); name another .* --data-dir/,
    );
  }));

Deno.test("the error names an address that this machine does not have, and what to do", () =>
  inTempDir(async (dir) => {
    const config = `${dir}/glance-api.conf`;
    await Deno.writeTextFile(
      config,
      "[DEFAULT]\nbind_host = 192.0.2.1\n[oneglance]\nallow_open_access = true\n",
    );
    const { code, err } = await start(dir, "--config-file", config, "--bind-port", "9292");
    assert.equal(code, 5);
    assert.match(
      err,
      /^ERROR: Cannot listen on 192\.0\.2\.1:9292: .+bind_host and bind_port \(or --bind-host/,
    );
  }));

Deno.test("--data-dir beside a configuration file is refused instead of ignored", () =>
  inTempDir(async (dir) => {
    const config = `${dir}/glance-api.conf`;
    await Deno.writeTextFile(config, "[DEFAULT]\n");
    const { code, err } = await start(dir, "--config-file", config, "--data-dir", dir);
    assert.equal(code, 2);
    assert.match(err, /--data-dir needs --standalone/);
  }));

Deno.test("the log file has the reason of a failed start too; a warning explains workers", () =>
  inTempDir(async (dir) => {
    const config = `${dir}/glance-api.conf`;
    await Deno.writeTextFile(
      config,
      `[DEFAULT]\nbind_host = 127.0.0.1\nworkers = 4\nlog_file = ${dir}/api.log\n` +
        `[database]\nconnection = sqlite:///${dir}/none.sqlite\n`,
    );
    const { code, err } = await start(dir, "--config-file", config, "--bind-port", "0");
    assert.equal(code, 1);
    const reason = /^ERROR: (The database \S+ does not exist\. .*)$/m.exec(err)?.[1];
    assert.ok(reason, err);
    const log = await Deno.readTextFile(`${dir}/api.log`);
    assert.ok(log.includes(`CRITICAL oneglance.start [-] ${reason}`), log);
    assert.match(log, /INFO oneglance\.start \[-\] workers = 4: one process serves/);
  }));

Deno.test("a start on existing images prints their number, and offers no first image", () =>
  inTempDir(async (dir) => {
    const first = await serve(`${dir}/data`);
    try {
      const id = await newImage(first.url);
      const put = await fetch(`${first.url}/v2/images/${id}/file`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: noise(1_234_567),
      });
      assert.equal(put.status, 204);
      await newImage(first.url);
    } finally {
      await first.crash();
    }
    const again = await serve(`${dir}/data`);
    try {
      await until("the banner is whole", () => again.log().includes("Ctrl-C stops"));
      assert.match(again.log(), /^ {2}images {4}2, 1\.2 MB$/m);
      assert.doesNotMatch(again.log(), /first image|first\.raw/);
    } finally {
      await again.crash();
    }
  }));

// Who uses a MariaDB is not to be seen here, and several may.
const SAME_FILE = { ignore: ON_MARIADB };

Deno.test(
  "a second start on the same data: refused at once on the same port, warned of on another",
  SAME_FILE,
  () =>
    inTempDir(async (dir) => {
      const first = await serve(`${dir}/data`);
      const named = new RegExp(`process ${first.child.pid} \\(.*serve --standalone`);
      try {
        const args = ["--standalone", "--data-dir", `${dir}/data`, "--bind-port", String(first.port)];
        const { code, out, err } = await start(dir, ...args);
        assert.equal(code, 5);
        assert.match(
          err,
          /^ERROR: Cannot listen on 127\.0\.0\.1:\d+: .* The same data is served by process /,
        );
        assert.match(err, named);
        assert.doesNotMatch(out, /trying again/);
        const second = await serve(`${dir}/data`);
        try {
          // The log lines come after the banner.
          const warning = /WARNING oneglance\.start \[-\] the database \S+glance\.sqlite is open in process/;
          await until("the warning is logged", () => warning.test(second.log()));
          assert.match(second.log(), named);
        } finally {
          await second.crash();
        }
      } finally {
        await first.crash();
      }
    }),
);

Deno.test("without a home directory, the program prints the data directory", () =>
  inTempDir(async (dir) => {
    // This machine does not have the address: the start ends before it creates any file.
    const home = { HOME: dir, DENO_DIR: await denoDir() };
    const { out } = await startWith(
      home,
      dir,
      "--standalone",
      "--bind-host",
      "192.0.2.1",
      "--allow-open-access",
    );
    assert.doesNotMatch(out, /are not set/);
    const env = { HOME: "", XDG_DATA_HOME: "", DENO_DIR: home.DENO_DIR };
    const homeless = await startWith(
      env,
      dir,
      "--standalone",
      "--bind-host",
      "192.0.2.1",
      "--allow-open-access",
    );
    assert.match(
      homeless.out,
      /WARNING .* HOME and XDG_DATA_HOME are not set: data is kept in \/var\/lib\/oneglance; name another .* --data-dir/,
    );
  }));

/** Returns the module directory of the deno that runs this test; deno finds it by HOME. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}
