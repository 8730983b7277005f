/** The list through the clients: filters, order and pages (docs/reference/images-api.md §4). */
import assert from "node:assert/strict";
import { type Clients, field, type Image, type Person, rows } from "../support/clients.ts";

/** Creates twelve images, a to l; every second is active, and the place of its letter is its size in bytes. */
async function fill(demo: Person, folder: string): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const [at, name] of [..."abcdefghijkl"].entries()) {
    const tags = [at % 2 ? "odd" : "even", ...(at % 3 ? [] : ["third"])];
    const formats = { disk_format: at < 6 ? "raw" : "iso", container_format: "bare" };
    const { id } = await demo.sdk<Image>("create_image", [name], {
      wait: false,
      tags,
      ...formats,
      color: at < 4 ? "red" : "blue",
    });
    ids.set(name, id);
    if (at % 2 || at >= 6) continue;
    await Deno.writeTextFile(`${folder}/data`, name.repeat(at + 1));
    await demo.glance("image-upload", "--file", `${folder}/data`, id);
  }
  return ids;
}

export async function list(t: Deno.TestContext, { as, folder }: Clients): Promise<void> {
  const [demo, alt, admin] = [await as("demo"), await as("alt"), await as("admin")];
  const ids = await fill(demo, folder);
  const glance = async (...args: string[]) =>
    rows(await demo.glance("image-list", ...args)).map(([, name]) => name).join("");
  const openstack = async (...args: string[]) =>
    (await demo.json<{ Name: string }[]>("image", "list", ...args)).map((row) => row.Name).join("");
  const sdk = async (query: Record<string, unknown>) =>
    (await demo.sdk<Image[]>("images", [], query)).map((image) => image.name).join("");
  const [ALL, NEWEST] = ["abcdefghijkl", "lkjihgfedcba"];

  // The arguments for glance, for openstack (which sorts by name by default) and for openstacksdk.
  const filters: [string, string[] | null, string[] | null, Record<string, unknown> | null, string][] = [
    ["name", ["--property-filter", "name=c"], ["--name", "c"], { name: "c" }, "c"],
    ["status", ["--property-filter", "status=active", "--sort", "name:asc"], ["--status", "active"], {
      status: "active",
      sort: "name:asc",
    }, "ace"],
    ["several names", ["--property-filter", "name=in:b,d,zz", "--sort", "name:asc"], null, {
      name: "in:b,d,zz",
      sort: "name:asc",
    }, "bd"],
    ["visibility", ["--visibility", "private"], ["--private"], { visibility: "private" }, ""],
    [
      "tag",
      ["--tag", "odd", "--sort", "name:asc"],
      ["--tag", "odd"],
      { tag: "odd", sort: "name:asc" },
      "bdfhjl",
    ],
    [
      "two tags",
      ["--tag", "odd", "--tag", "third", "--sort", "name:asc"],
      ["--tag", "odd", "--tag", "third"],
      null,
      "dj",
    ],
    [
      "property",
      ["--property-filter", "color=red", "--sort", "name:asc"],
      ["--property", "color=red"],
      null,
      "abcd",
    ],
    ["owner", ["--owner", demo.project, "--limit", "2"], null, { owner: "nobody" }, ""],
    ["protected", ["--property-filter", "protected=true"], null, null, ""],
    ["least size", ["--property-filter", "size_min=3", "--sort", "name:asc"], null, {
      size_min: 3,
      sort: "name:asc",
    }, "ce"],
    ["greatest size", ["--property-filter", "size_max=3", "--sort", "name:asc"], null, {
      size_max: 3,
      sort: "name:asc",
    }, "ac"],
    ["hidden", ["--hidden"], ["--hidden"], { is_hidden: true }, ""],
  ];
  for (const [what, byGlance, byOpenstack, bySdk, wanted] of filters) {
    await t.step(`filter by ${what}`, async () => {
      if (what === "owner") assert.equal(await glance(...byGlance!), "ab");
      else assert.equal(await glance(...byGlance!), wanted);
      if (byOpenstack) assert.equal(await openstack(...byOpenstack), wanted);
      if (bySdk) assert.equal(await sdk(bySdk), wanted);
    });
  }
  await t.step("filter by checksum and hash", async () => {
    const image = await demo.show(ids.get("c")!);
    assert.equal(await glance("--checksum", image.checksum!), "c");
    assert.equal(await glance("--hash", String(image.os_hash_value)), "c");
    assert.equal(await glance("--hash", "0".repeat(128)), "");
  });
  await t.step("an administrator lists by owner, another project sees nothing", async () => {
    const names = await admin.json<{ Name: string }[]>("image", "list", "--project", "demo");
    assert.equal(names.length, 12);
    assert.deepEqual(await admin.json("image", "list", "--project", "alt"), []);
    assert.deepEqual(await alt.sdk("images"), []);
    assert.deepEqual(rows(await alt.glance("image-list", "--owner", demo.project)), []);
  });
  await t.step("order", async () => {
    const sizes = "eca";
    assert.equal(await glance(), ALL);
    assert.equal(await glance("--sort-key", "name", "--sort-dir", "asc"), ALL);
    assert.equal(await glance("--sort", "disk_format:asc,name:desc"), NEWEST);
    assert.equal(await glance("--sort", "disk_format:desc,name:asc"), ALL);
    assert.equal(
      await glance("--sort-key", "status", "--sort-key", "name", "--sort-dir", "asc"),
      "acebdfghijkl",
    );
    assert.equal(await glance("--property-filter", "status=active", "--sort-key", "size"), sizes);
    assert.equal(await openstack("--sort", "name:desc"), NEWEST);
    assert.equal(await openstack("--sort", "status:asc,name:desc"), "ecalkjihgfdb");
    assert.equal(await sdk({ sort_key: "name", sort_dir: "asc" }), ALL);
    assert.equal(await sdk({}), NEWEST);
    await demo.sdkRefused(400, /Invalid sort key: owner/, "images", [], { sort: "owner" });
  });
  await t.step("pages of every size hold each image once", async () => {
    for (const size of [1, 5, 6, 12, 100]) {
      assert.equal(await glance("--page-size", `${size}`), ALL, `glance ${size}`);
      assert.equal(
        await glance("--page-size", `${size}`, "--sort", "disk_format:asc,size:desc,name:asc"),
        await glance("--sort", "disk_format:asc,size:desc,name:asc"),
      );
      assert.equal(await sdk({ limit: size }), NEWEST, `openstacksdk ${size}`);
    }
    assert.equal(await glance("--limit", "7", "--page-size", "3"), "abcdefg");
    assert.equal(await openstack("--limit", "3"), "jkl");
    // Two tags and pages: the link to the next page has to name both.
    assert.equal(await glance("--page-size", "1", "--tag", "odd", "--tag", "third"), "dj");
  });
  await t.step("after a marker", async () => {
    const marker = ids.get("d")!;
    const names = async (named: Record<string, unknown>) =>
      (await demo.lib<Image[]>("images.list", [], named)).map((image) => image.name).join("");
    assert.equal(await names({ marker, sort_key: "name", sort_dir: "asc" }), "efghijkl");
    assert.equal(await names({ marker }), "cba");
    // openstackclient pages by age and then sorts the page.
    assert.equal(await openstack("--marker", marker), "abc");
    assert.equal(await openstack("--marker", "k", "--limit", "5"), "fghij");
    assert.equal(await sdk({ marker, sort: "name:desc" }), "cba");
    await demo.sdkRefused(400, /No image found with ID/, "images", [], { marker: crypto.randomUUID() });
  });
  await t.step("columns of the long list", async () => {
    const [first] = await demo.json<Record<string, unknown>[]>("image", "list", "--long", "--name", "c");
    const values = [
      "Disk Format",
      "Container Format",
      "Size",
      "Status",
      "Visibility",
      "Protected",
      "Project",
      "Tags",
    ];
    assert.deepEqual(values.map((name) => first![name]), [
      "raw",
      "bare",
      3,
      "active",
      "shared",
      false,
      demo.project,
      ["even"],
    ]);
    const shown = await demo.glance("image-show", ids.get("c")!);
    assert.deepEqual(["disk_format", "size", "status", "owner"].map((name) => field(shown, name)), [
      "raw",
      "3",
      "active",
      demo.project,
    ]);
    await demo.glance("image-delete", ...ids.values());
  });
}
