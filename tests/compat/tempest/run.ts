/**
 * Starts Keystone and the program with two file stores and http, and runs tempest's image tests against it:
 *
 *   deno run -A tests/compat/tempest/run.ts [REGEX]
 *
 * Prints tempest's counts; exit code 1 when a test failed that expected.txt does not name. The results are in the folder
 * that `ONEGLANCE_TEMPEST_OUT` names, or in a temporary one, which stays when a test failed.
 */
import { startKeystone } from "../support/keystone.ts";
import { oneglance, startOneglance } from "../support/oneglance.ts";
import { must } from "../support/processes.ts";

const SCRIPT = new URL("run_tempest.sh", import.meta.url).pathname;

/** One test deletes a location as a member, which the default policy allows only to administrators since Wallaby. */
const POLICY = `"delete_image_location": "role:admin or (role:member and project_id:%(project_id)s)"\n`;

async function tempest(regex: string[], out: string): Promise<number> {
  const keystone = await startKeystone();
  try {
    await Deno.writeTextFile(`${out}/policy.yaml`, POLICY);
    const server = await startOneglance({
      keystone,
      stores: "multi",
      set: {
        DEFAULT: {
          show_multiple_locations: "true",
          enabled_import_methods: "[glance-direct,web-download,copy-image,glance-download]",
        },
        // Tempest's image URLs use a random port.
        import_filtering_opts: { allowed_ports: "[]" },
        // Their host is loopback, which the default refuses.
        oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
        oslo_policy: { policy_file: `${out}/policy.yaml` },
      },
    });
    try {
      // The tests of metadata definitions need an existing resource type.
      const load = oneglance(["metadefs", "load", "--shipped", "--config-file", server.config]);
      await must(load.name, load.args);
      const args = [keystone.work, await keystone.publish(server.url), out, ...regex];
      return (await new Deno.Command(SCRIPT, { args, stdin: "null" }).spawn().status).code;
    } finally {
      const end = await server.stop();
      await Deno.writeTextFile(`${out}/oneglance.log`, end.log);
      if (end.code !== 0) console.error(`oneglance ended with code ${end.code}`);
    }
  } finally {
    await keystone.stop();
  }
}

const given = Deno.env.get("ONEGLANCE_TEMPEST_OUT");
if (given !== undefined) await Deno.mkdir(given, { recursive: true });
const out = given === undefined
  ? await Deno.makeTempDir({ prefix: "oneglance_tempest_" })
  : await Deno.realPath(given);
const code = await tempest(Deno.args, out);
if (given === undefined && code === 0) await Deno.remove(out, { recursive: true });
else console.error(`tempest: results are in ${out}`);
Deno.exit(code);
