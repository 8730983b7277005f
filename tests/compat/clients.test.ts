/**
 * The common clients against the program with a real Keystone: `glance`, `openstack` and curl upload a large file of
 * random data and a real qcow2, download them again, and get the same bytes with the right hashes.
 * `ONEGLANCE_TEST_BYTES` sets the size of the large file (default 1 GiB).
 */
import assert from "node:assert/strict";
import { fileHashes, type Hashes, randomDisk, realQcow2 } from "./support/disks.ts";
import { clientEnvironment, startKeystone, tokenOf } from "./support/keystone.ts";
import { startOneglance } from "./support/oneglance.ts";
import { must } from "./support/processes.ts";

interface Disk {
  path: string;
  format: "raw" | "qcow2";
  hashes: Hashes;
}

/** An image as the API shows it. */
interface Shown {
  id: string;
  status: string;
  size: number;
  virtual_size: number | null;
  checksum: string;
  os_hash_algo: string;
  os_hash_value: string;
}

/** One client: uploads a file and downloads an image. */
interface Client {
  name: string;
  upload(disk: Disk): Promise<string>;
  download(id: string, path: string): Promise<void>;
}

function glance(env: Record<string, string>): Client {
  return {
    name: "glance",
    async upload({ path, format }) {
      const args = ["image-create", "--name", `glance ${format}`, "--disk-format", format];
      const said = await must("glance", [...args, "--container-format", "bare", "--file", path], { env });
      return tableValue(said, "id");
    },
    async download(id, path) {
      await must("glance", ["image-download", "--file", path, id], { env });
    },
  };
}

function openstack(env: Record<string, string>): Client {
  return {
    name: "openstack",
    async upload({ path, format }) {
      const args = ["image", "create", "-f", "value", "-c", "id", "--disk-format", format, "--file", path];
      return (await must("openstack", [...args, `openstack ${format}`], { env })).trim();
    },
    async download(id, path) {
      await must("openstack", ["image", "save", "--file", path, id], { env });
    },
  };
}

function curl(url: string, token: string): Client {
  const auth = ["--silent", "--show-error", "--fail", "-H", `X-Auth-Token: ${token}`];
  return {
    name: "curl",
    async upload({ path, format }) {
      const body = JSON.stringify({ name: `curl ${format}`, disk_format: format, container_format: "bare" });
      const json = ["-H", "Content-Type: application/json", "-d", body];
      const { id } = JSON.parse(await must("curl", [...auth, ...json, `${url}/v2/images`])) as Shown;
      const bytes = ["-H", "Content-Type: application/octet-stream", "-T", path];
      await must("curl", [...auth, "-X", "PUT", ...bytes, `${url}/v2/images/${id}/file`]);
      return id;
    },
    async download(id, path) {
      await must("curl", [...auth, "-o", path, `${url}/v2/images/${id}/file`]);
    },
  };
}

/** Returns a value of the two-column table that `glance` prints. */
function tableValue(table: string, name: string): string {
  const row = table.split("\n").map((line) => line.split("|").map((cell) => cell.trim())).find((cells) =>
    cells[1] === name
  );
  assert.ok(row?.[2], `no ${name} in ${table}`);
  return row[2];
}

async function show(url: string, token: string, id: string): Promise<Shown> {
  const answer = await fetch(`${url}/v2/images/${id}`, { headers: { "x-auth-token": token } });
  assert.equal(answer.status, 200);
  return await answer.json();
}

Deno.test("clients: a download returns the uploaded bytes", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_clients_" });
  const keystone = await startKeystone();
  try {
    const server = await startOneglance({ keystone });
    try {
      const region = await keystone.publish(server.url);
      const env = clientEnvironment(keystone, "demo", region, folder);
      const token = await tokenOf(keystone, "demo");
      const size = Number(Deno.env.get("ONEGLANCE_TEST_BYTES") ?? 2 ** 30);
      const made: [Disk["format"], string][] = [
        ["raw", await randomDisk(`${folder}/random.raw`, size)],
        ["qcow2", await realQcow2(`${folder}/real.qcow2`, Math.min(size, 64 * 2 ** 20))],
      ];
      const disks: Disk[] = [];
      for (const [format, path] of made) disks.push({ format, path, hashes: await fileHashes(path) });

      for (const client of [glance(env), openstack(env), curl(server.url, token)]) {
        for (const disk of disks) {
          await t.step(`${client.name}: ${disk.format} of ${disk.hashes.size} bytes`, async () => {
            const id = await client.upload(disk);
            const image = await show(server.url, token, id);
            assert.equal(image.status, "active");
            assert.equal(image.size, disk.hashes.size);
            assert.equal(image.checksum, disk.hashes.md5);
            assert.equal(image.os_hash_algo, "sha512");
            assert.equal(image.os_hash_value, disk.hashes.sha512);

            const back = `${folder}/back`;
            await client.download(id, back);
            assert.deepEqual(await fileHashes(back), disk.hashes);
            await Deno.remove(back);
          });
        }
      }

      await t.step("what qemu-img made is still a good qcow2 after its way through the service", async () => {
        const qcow2 = disks[1]!;
        const id = await curl(server.url, token).upload(qcow2);
        await curl(server.url, token).download(id, `${folder}/checked.qcow2`);
        await must("qemu-img", ["check", "-q", "-f", "qcow2", `${folder}/checked.qcow2`]);
        const image = await show(server.url, token, id);
        const info = await must("qemu-img", ["info", "--output=json", `${folder}/checked.qcow2`]);
        assert.equal(image.virtual_size, JSON.parse(info)["virtual-size"]);
      });

      await t.step("the lists of both clients name every image", async () => {
        const listed = await must("openstack", ["image", "list", "-f", "json"], { env });
        const names = (JSON.parse(listed) as { Name: string }[]).map((row) => row.Name);
        const table = await must("glance", ["image-list"], { env });
        for (const name of ["glance raw", "glance qcow2", "openstack raw", "openstack qcow2", "curl raw"]) {
          assert.ok(names.includes(name), `openstack image list: ${name}`);
          assert.ok(table.includes(name), `glance image-list: ${name}`);
        }
      });

      await t.step("a private image is not there for another project", async () => {
        const id = await curl(server.url, token).upload(disks[1]!);
        const other = await tokenOf(keystone, "alt");
        const hidden = await fetch(`${server.url}/v2/images/${id}`, { headers: { "x-auth-token": other } });
        await hidden.body?.cancel();
        assert.equal(hidden.status, 404);
        const bytes = await fetch(`${server.url}/v2/images/${id}/file`, {
          headers: { "x-auth-token": other },
        });
        await bytes.body?.cancel();
        assert.equal(bytes.status, 404);
        const nobody = await fetch(`${server.url}/v2/images/${id}`, { headers: { "x-auth-token": "wrong" } });
        await nobody.body?.cancel();
        assert.equal(nobody.status, 401);
      });
    } finally {
      const end = await server.stop();
      assert.equal(end.code, 0, end.log);
    }
  } finally {
    await keystone.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
