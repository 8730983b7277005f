/**
 * Visibility and roles through the clients: what the owner, a reader, another project and an administrator see and are
 * refused (docs/reference/images-api.md §3.6, docs/reference/policy.md §6.1).
 */
import assert from "node:assert/strict";
import { type Clients, type Image, type Person, rows } from "../support/clients.ts";

const VISIBILITIES = ["private", "shared", "community", "public"] as const;
const OUTSIDE = /HTTP 404/;
const REFUSED = /HTTP 403|not permitted/;

export async function sharing(t: Deno.TestContext, { as, folder }: Clients): Promise<void> {
  const [admin, demo, reader, alt] = [
    await as("admin"),
    await as("demo"),
    await as("reader"),
    await as("alt"),
  ];
  const altreader = await as("altreader");
  await Deno.writeTextFile(`${folder}/data`, "bytes");
  const ids: Record<string, string> = {};

  await t.step("each visibility is made by who may, by each client", async () => {
    const formats = ["--disk-format", "raw", "--container-format", "bare", "--file", `${folder}/data`];
    await demo.refused("glance", ["image-create", "--visibility", "public"], /HTTP 403/);
    await demo.refused("openstack", ["image", "create", "--public", "p"], /403/);
    await demo.sdkRefused(403, /403/, "create_image", ["p"], { visibility: "public", wait: false });
    for (const visibility of VISIBILITIES) {
      const maker = visibility === "public" ? admin : demo;
      const flag = `--${visibility}`;
      const args = ["image", "create", visibility, flag, "--file", `${folder}/data`];
      const made = await maker.json<Image>(...args);
      assert.equal(made.visibility, visibility);
      ids[visibility] = made.id;
      await admin.sdk("update_image", [made.id], { owner: demo.project });
      const created = await maker.glance(
        "image-create",
        "--name",
        "second",
        "--visibility",
        visibility,
        ...formats,
      );
      const second = rows(created).find(([name]) => name === "id")![1]!;
      assert.equal((await maker.show(second)).visibility, visibility);
      await maker.glance("image-delete", second);
    }
    // The default visibility is shared.
    const plain = await demo.sdk<Image>("create_image", ["plain"], { wait: false });
    assert.equal((await demo.show(plain.id)).visibility, "shared");
    await demo.sdk("delete_image", [plain.id]);
  });

  const seen: [string, Person, Record<string, string[]>][] = [
    ["the owner", demo, {
      "": ["private", "shared", "community", "public"],
      private: ["private"],
      shared: ["shared"],
      community: ["community"],
      public: ["public"],
      all: ["private", "shared", "community", "public"],
    }],
    ["a reader of the owner's project", reader, { "": ["private", "shared", "community", "public"] }],
    ["another project", alt, {
      "": ["public"],
      private: [],
      shared: [],
      community: ["community"],
      public: ["public"],
      all: ["community", "public"],
    }],
    ["an administrator", admin, {
      "": ["private", "shared", "public"],
      private: ["private"],
      shared: ["shared"],
      community: ["community"],
      all: ["private", "shared", "community", "public"],
    }],
  ];
  for (const [who, person, lists] of seen) {
    await t.step(`what ${who} finds in lists`, async () => {
      for (const [visibility, names] of Object.entries(lists)) {
        const wanted = names.toSorted();
        const flag = visibility ? ["--visibility", visibility] : [];
        const byGlance = rows(await person.glance("image-list", ...flag)).map((row) => row[1]!).toSorted();
        assert.deepEqual(byGlance, wanted, `glance ${visibility}`);
        const named = visibility ? [`--${visibility}`] : [];
        const byOpenstack = await person.json<{ Name: string }[]>("image", "list", ...named);
        assert.deepEqual(byOpenstack.map((row) => row.Name).toSorted(), wanted, `openstack ${visibility}`);
        const bySdk = await person.sdk<Image[]>("images", [], visibility ? { visibility } : {});
        assert.deepEqual(bySdk.map((image) => image.name!).toSorted(), wanted, `openstacksdk ${visibility}`);
      }
    });
  }

  // How each person's calls end: on private and shared images (without members), and on community and public ones.
  type Outcome = "ok" | RegExp;
  const calls: [string, string[], Record<string, [Outcome, Outcome]>][] = [
    ["show", ["image-show"], {
      reader: ["ok", "ok"],
      alt: [OUTSIDE, "ok"],
      altreader: [OUTSIDE, "ok"],
      admin: ["ok", "ok"],
    }],
    ["download", ["image-download", "--file", `${folder}/got`], {
      reader: [/HTTP 403/, /HTTP 403/],
      alt: [OUTSIDE, "ok"],
      altreader: [OUTSIDE, /HTTP 403/],
      admin: ["ok", "ok"],
    }],
    ["update", ["image-update", "--property", "a=b"], {
      reader: [REFUSED, REFUSED],
      alt: [OUTSIDE, REFUSED],
      altreader: [OUTSIDE, REFUSED],
      admin: ["ok", "ok"],
      demo: ["ok", "ok"],
    }],
    ["deactivate", ["image-deactivate"], {
      reader: [REFUSED, REFUSED],
      alt: [OUTSIDE, REFUSED],
      altreader: [OUTSIDE, REFUSED],
    }],
    ["reactivate", ["image-reactivate"], {
      reader: [REFUSED, REFUSED],
      alt: [OUTSIDE, REFUSED],
      demo: ["ok", "ok"],
    }],
    ["publicize", ["image-update", "--visibility", "public"], {
      reader: [REFUSED, REFUSED],
      alt: [OUTSIDE, REFUSED],
    }],
    ["delete", ["image-delete"], {
      reader: [REFUSED, REFUSED],
      alt: [/No image with an ID/, REFUSED],
      altreader: [/No image with an ID/, REFUSED],
    }],
  ];
  const people: Record<string, Person> = { admin, demo, reader, alt, altreader };
  for (const [what, command, outcomes] of calls) {
    await t.step(`${what}: the result for each person`, async () => {
      for (const [who, ends] of Object.entries(outcomes)) {
        for (const visibility of VISIBILITIES) {
          // A public image that stays public does not change, so every person may do this.
          if (what === "publicize" && visibility === "public") continue;
          const end = ends[visibility === "private" || visibility === "shared" ? 0 : 1];
          const args = [...command, ids[visibility]!];
          if (end === "ok") await people[who]!.glance(...args);
          else await people[who]!.refused("glance", args, end);
        }
      }
      for (const visibility of VISIBILITIES) {
        assert.equal((await demo.show(ids[visibility]!)).status, "active");
      }
    });
  }
  await t.step("a reader makes nothing, an upload included", async () => {
    await reader.refused("glance", ["image-create"], /HTTP 403/);
    await reader.refused("openstack", ["image", "create", "n"], /403/);
    const { id } = await demo.sdk<Image>("create_image", ["empty"], {
      wait: false,
      disk_format: "raw",
      container_format: "bare",
    });
    const upload = async (person: Person, to = "file") => {
      const type = { "content-type": "application/octet-stream" };
      const answer = await person.api("PUT", `/v2/images/${id}/${to}`, "bytes", type);
      await answer.body?.cancel();
      return answer.status;
    };
    assert.deepEqual([await upload(reader), await upload(reader, "stage"), await upload(alt)], [
      403,
      403,
      404,
    ]);
    await reader.refused("glance", ["image-tag-update", id, "t"], /HTTP 403/);
    await demo.glance("image-upload", "--file", `${folder}/data`, id);
    assert.equal(await upload(demo), 409);
    await demo.glance("image-delete", id);
  });
  await t.step("what is an administrator's: tasks and stores", async () => {
    for (const person of [demo, reader, alt]) await person.refused("glance", ["task-list"], /HTTP 403/);
    await admin.glance("task-list");
  });
  await t.step("visibility changes, and what others see of it", async () => {
    const id = ids.private!;
    const sees = async () => (await alt.api("GET", `/v2/images/${id}`)).status;
    await demo.glance("image-update", "--visibility", "community", id);
    assert.equal(await sees(), 200);
    await demo.openstack("image", "set", "--private", id);
    assert.equal(await sees(), 404);
    await demo.refused("glance", ["image-update", "--visibility", "public", id], /HTTP 403/);
    await demo.refused("openstack", ["image", "set", "--public", id], /403/);
    await demo.sdkRefused(403, /403/, "update_image", [id], { visibility: "public" });
    await admin.sdk("update_image", [id], { visibility: "public" });
    assert.equal(await sees(), 200);
    await demo.sdk("update_image", [id], { visibility: "shared" });
    assert.equal(await sees(), 404);
    await admin.glance("image-delete", ...Object.values(ids));
  });
}
