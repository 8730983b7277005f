/**
 * Starts Keystone and one or more servers with two file stores and http, and runs tempest's image tests against them:
 *
 *   deno run -A tests/compat/tempest/run.ts [--servers oneglance,glance] [--database mariadb] [REGEX]
 *
 * `--servers` names the program of each node (default: one oneglance). HAProxy is before several of them, and the last
 * one is tempest's second worker (stage at one, import at the other). `--database` is `mariadb`, which starts a server,
 * or the URL of one (mysql://root@127.0.0.1:3306/), on which the run makes a database of its own; default: a SQLite file.
 *
 * Prints tempest's counts; exit code 1 when a test failed that expected.txt does not name. The results are in the folder
 * that `ONEGLANCE_TEMPEST_OUT` names, or in a temporary one, which stays when a test failed.
 */
import { parseArgs } from "node:util";
import { type Program, startFleet } from "../support/fleet.ts";
import { startKeystone } from "../support/keystone.ts";
import { newDatabase } from "../support/mariadb.ts";

const SCRIPT = new URL("run_tempest.sh", import.meta.url).pathname;

/** One test deletes a location as a member, which the default policy allows only to administrators since Wallaby. */
const POLICY = `"delete_image_location": "role:admin or (role:member and project_id:%(project_id)s)"\n`;

/** As Glance reads them: its lists need brackets. */
const settings = (out: string) => ({
  DEFAULT: {
    show_multiple_locations: "true",
    enabled_import_methods: "[glance-direct,web-download,copy-image,glance-download]",
  },
  // Tempest's image URLs name loopback and a random port; one test names a host that does not exist.
  import_filtering_opts: {
    allowed_schemes: "[http,https]",
    allowed_hosts: "[127.0.0.1,localhost,does-not.exist]",
    allowed_ports: "[]",
  },
  oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
  oslo_policy: { policy_file: `${out}/policy.yaml` },
});

function programs(text: string): Program[] {
  return text.split(",").map((name) => {
    if (name === "glance" || name === "oneglance") return name;
    throw new Error(`--servers: ${name} is neither glance nor oneglance`);
  });
}

async function tempest(servers: Program[], database: string | undefined, regex: string[], out: string) {
  await using on = new AsyncDisposableStack();
  const keystone = await startKeystone();
  on.defer(() => keystone.stop());
  const server = database === "mariadb" ? undefined : database;
  const mariadb = database === undefined ? undefined : on.use(await newDatabase(server));
  await Deno.writeTextFile(`${out}/policy.yaml`, POLICY);
  const fleet = await startFleet(servers, { keystone, connection: mariadb?.connection, set: settings(out) });
  on.defer(async () => {
    for (const [index, log] of (await fleet.stop()).entries()) {
      await Deno.writeTextFile(`${out}/${servers[index]}_${index}.log`, log);
    }
  });
  // The tests of metadata definitions need an existing resource type.
  await fleet.loadMetadefs();
  const region = await keystone.publish(fleet.url);
  const args = [keystone.work, region, out, ...regex];
  const env: Record<string, string> = {};
  if (servers.length > 1) {
    await keystone.publish(fleet.nodes.at(-1)!.url, { type: "image_remote", region });
    env.ALT = "1";
  }
  return (await new Deno.Command(SCRIPT, { args, env, stdin: "null" }).spawn().status).code;
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { servers: { type: "string", default: "oneglance" }, database: { type: "string" } },
});
const given = Deno.env.get("ONEGLANCE_TEMPEST_OUT");
if (given !== undefined) await Deno.mkdir(given, { recursive: true });
const out = given === undefined
  ? await Deno.makeTempDir({ prefix: "oneglance_tempest_" })
  : await Deno.realPath(given);
const code = await tempest(programs(values.servers), values.database, positionals, out);
if (given === undefined && code === 0) await Deno.remove(out, { recursive: true });
else console.error(`tempest: results are in ${out}`);
Deno.exit(code);
