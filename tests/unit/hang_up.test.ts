/** SIGHUP: what is read again, and what the log says of it. */
import assert from "node:assert/strict";
import { makeHangUp } from "../../src/cli/hang_up.ts";
import { loadConfig } from "../../src/config/config.ts";
import { configureLogging } from "../../src/observe/configure_logging.ts";
import { flushLog, getLog, setUpLog } from "../../src/observe/log.ts";
import { QUIET } from "../support/logged.ts";
import { serve, until } from "../support/served.ts";

Deno.test("debug and the levels of the log are read again; what else has changed is named", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/glance-api.conf`;
    const write = (text: string) =>
      Deno.writeTextFileSync(path, `[DEFAULT]\nlog_file = ${folder}/api.log\n${text}`);
    const load = () => loadConfig({ sources: [{ kind: "file", path }], prog: "glance-api" });
    write("");
    const config = load();
    configureLogging(config, "glance-api");
    const hangUp = makeHangUp(config, load);
    let read = 0;
    const said = () => {
      hangUp();
      for (const name of ["quiet", "x"]) getLog(name).debug(`${name} debugs`);
      flushLog();
      const lines = Deno.readTextFileSync(`${folder}/api.log`).trimEnd().split("\n");
      const fresh = lines.slice(read).map((line) => line.slice(line.indexOf("[-] ") + 4));
      read = lines.length;
      return fresh;
    };
    const anew = "SIGHUP: reopened the log files and reloaded the log levels";
    assert.deepEqual(said().slice(-1), [`${anew}, which have not changed`]);
    write("debug = true\ndefault_log_levels = quiet=INFO\nimage_size_cap = 7\n");
    assert.deepEqual(said(), [
      `${anew}; changed: [DEFAULT] debug, [DEFAULT] default_log_levels`,
      "SIGHUP: [DEFAULT] image_size_cap: changed in the configuration, takes effect at the next start",
      "x debugs",
    ]);
    write("debug = false\nimage_size_cap = 7\n");
    assert.match(said()[0]!, /changed: \[DEFAULT\] debug, \[DEFAULT\] default_log_levels$/);
    write("nonsense\n");
    assert.match(
      said().join("\n"),
      /^SIGHUP: reopened the log files; could not reload the configuration: .*:3: /,
    );
    Deno.removeSync(path);
    assert.equal(said().length, 1);
    Deno.renameSync(`${folder}/api.log`, `${folder}/api.log.1`);
    read = 0;
    write("");
    assert.deepEqual(said(), [`${anew}, which have not changed`], "in a file of its own");
  } finally {
    setUpLog(QUIET);
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a service that gets SIGHUP says so and goes on", async () => {
  const dir = await Deno.makeTempDir();
  const server = await serve(dir);
  try {
    server.child.kill("SIGHUP");
    await until("it is said", () => server.log().includes("SIGHUP: reopened the log files"));
    assert.equal((await fetch(`${server.url}/v2/images`)).status, 200);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});
