/** Policy files and property protections that are changed while the service runs: the next request obeys. */
import assert from "node:assert/strict";
import { ADMIN, OWNER, startService, type TestService, type Who } from "../support/service.ts";

/** A service that looks for its files in a folder of its own; `write` rewrites one in place. */
async function inFolder(
  options: Record<string, string>,
  files: Record<string, string>,
  verb: (service: TestService, dir: string, write: (name: string, text: string) => void) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${dir}/${name}`, text);
  try {
    await Deno.mkdir(`${dir}/policy.d`);
    for (const [name, text] of Object.entries(files)) write(name, text);
    await using service = await startService({
      "oslo_policy.policy_file": `${dir}/policy.yaml`,
      "oslo_policy.policy_dirs": `${dir}/policy.d`,
      ...Object.fromEntries(
        Object.entries(options).map(([key, text]) => [key, text.replace("{files}", dir)]),
      ),
    });
    await verb(service, dir, write);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function status(service: TestService, path: string, who: Who = OWNER, body?: unknown): Promise<number> {
  const response = await service.ask(path, who, body === undefined ? {} : { method: "POST", body });
  await response.body?.cancel();
  return response.status;
}

Deno.test("the next request obeys policy.yaml, policy.d, and a file that appears", () =>
  inFolder({}, {}, async (service, dir, write) => {
    const list = () => status(service, "/v2/images");
    assert.equal(await list(), 200);
    // Of the same length: only the modification time can differ, if at all.
    for (let i = 0; i < 20; i++) {
      write("policy.yaml", `get_images: "${i % 2 ? "@" : "!"}"\n`);
      assert.equal(await list(), i % 2 ? 200 : 403, `change ${i}`);
    }
    write("policy.d/10.yaml", 'get_images: "!"\n');
    assert.equal(await list(), 403);
    write("policy.d/20.yaml", 'get_images: "@"\n');
    assert.equal(await list(), 200);
    await Deno.remove(`${dir}/policy.d/20.yaml`);
    assert.equal(await list(), 403);
    await Deno.remove(`${dir}/policy.d/10.yaml`);
    write("new.yaml", 'get_images: "!"\n');
    await Deno.rename(`${dir}/new.yaml`, `${dir}/policy.yaml`);
    assert.equal(await list(), 403);
    await Deno.remove(`${dir}/policy.yaml`);
    assert.equal(await list(), 200);
  }));

Deno.test("who is an administrator follows the file as well", () =>
  inFolder({}, {}, async (service, _dir, write) => {
    const tasks = () => status(service, "/v2/tasks");
    assert.equal(await tasks(), 403);
    write("policy.yaml", 'context_is_admin: "role:member"\n');
    assert.equal(await tasks(), 200);
  }));

const section = (name: string, who: string) =>
  `[${name}]\ncreate = ${who}\nread = ${who}\nupdate = ${who}\ndelete = ${who}\n`;

Deno.test("the next request obeys the property protections; a file that turns bad or goes leaves them as they are", () =>
  inFolder(
    { "DEFAULT.property_protection_file": "{files}/protections.conf" },
    { "protections.conf": section("^x_", "admin") },
    async (service, dir, write) => {
      const create = () => status(service, "/v2/images", OWNER, { x_a: "1" });
      assert.equal(await create(), 403);
      for (let i = 0; i < 10; i++) {
        write("protections.conf", section("^x_", i % 2 ? "other1" : "member"));
        assert.equal(await create(), i % 2 ? 403 : 201, `change ${i}`);
      }
      write("protections.conf", "[^x_\n");
      assert.equal(await create(), 403);
      await Deno.remove(`${dir}/protections.conf`);
      assert.equal(await create(), 403);
      write("protections.conf", section("^x_", "member"));
      assert.equal(await create(), 201);
      assert.equal(await status(service, "/v2/images", ADMIN, { x_a: "1" }), 201);
    },
  ));
