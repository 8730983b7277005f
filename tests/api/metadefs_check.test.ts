/** GET /v2/images/{id}/metadefs-check: an image's properties beside their definitions (docs/metadefs.md). */
import assert from "node:assert/strict";
import { shippedNamespaces } from "../../src/metadefs/catalogue.ts";
import { loadNamespaces } from "../../src/metadefs/load.ts";
import { done, TEXT } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";

const CHECK = "/v2/images/{id}/metadefs-check";
const image = (properties: Record<string, string>): Row["given"] => async (service) => ({
  id: (await service.create(OWNER, properties)).id,
});

const ROWS: Row[] = [
  {
    name: "known, unknown and broken, by name",
    given: image({
      os_distro: "debian",
      hw_disk_bus: "floppy",
      hw_cpu_cores: "4",
      mine: "x",
      os_version: "13",
    }),
    ask: `GET ${CHECK}`,
    status: 200,
    json: {
      image_id: "{id}",
      known: [
        { name: "hw_cpu_cores", namespaces: ["OS::Compute::VirtCPUTopology"] },
        { name: "os_distro", namespaces: ["OS::Glance::CommonImageProperties", "OS::OperatingSystem"] },
        { name: "os_version", namespaces: ["OS::Glance::CommonImageProperties", "OS::OperatingSystem"] },
      ],
      unknown: ["mine"],
      broken: [{
        name: "hw_disk_bus",
        value: "floppy",
        problems: [{
          namespace: "OS::Compute::LibvirtImage",
          object: null,
          problem: "is not one of scsi, virtio, uml, xen, ide, usb, fdc, sata, lxc",
        }],
      }],
    },
  },
  {
    name: "an image without properties",
    given: image({}),
    ask: `GET ${CHECK}`,
    status: 200,
    json: { known: [], unknown: [], broken: [] },
  },
  {
    name: "as one of two namespaces wants it is well",
    given: image({ both: "a" }),
    ask: `GET ${CHECK}`,
    status: 200,
    json: { known: [{ name: "both", namespaces: ["Open"] }], broken: [] },
  },
  {
    name: "a property of an object, with the prefix",
    given: image({ x_inner: "10", x_inner2: "a" }),
    ask: `GET ${CHECK}`,
    status: 200,
    json: {
      broken: [{
        name: "x_inner",
        value: "10",
        problems: [{ namespace: "Objects", object: "o", problem: "is above 9" }],
      }],
      unknown: ["x_inner2"],
    },
  },
  {
    name: "definitions that the caller may not see count for nothing",
    given: image({ secret: "x" }),
    ask: `GET ${CHECK}`,
    status: 200,
    json: { unknown: ["secret"] },
  },
  {
    name: "definitions for other types of resource count for nothing",
    given: image({ flavor_only: "x" }),
    ask: `GET ${CHECK}`,
    status: 200,
    json: { unknown: ["flavor_only"] },
  },
  { name: "another project's image", given: image({}), who: STRANGER, ask: `GET ${CHECK}`, status: 404 },
  { name: "no such image", ask: "GET /v2/images/none/metadefs-check", status: 404 },
  { name: "a body", given: image({}), ask: `GET ${CHECK}`, headers: { "content-length": "2" }, status: 400 },
  {
    name: "another method",
    given: image({}),
    ask: `POST ${CHECK}`,
    body: {},
    status: 405,
    gives: { allow: "GET" },
  },
];

Deno.test("the check of an image", async (t) => {
  await using service = await startService();
  await loadNamespaces(service.deps.db, shippedNamespaces(), "keep");
  const make = (body: Record<string, unknown>) =>
    done(service, "POST /v2/metadefs/namespaces", {
      visibility: "public",
      resource_type_associations: [{ name: "OS::Glance::Image" }],
      ...body,
    });
  await make({ namespace: "Strict", properties: { both: { ...TEXT, enum: ["b"] } } });
  await make({ namespace: "Open", properties: { both: TEXT } });
  await make({ namespace: "Secret", visibility: "private", owner: "p9", properties: { secret: TEXT } });
  await make({
    namespace: "Flavors",
    resource_type_associations: [{ name: "OS::Nova::Flavor" }],
    properties: { flavor_only: TEXT },
  });
  await make({
    namespace: "Objects",
    resource_type_associations: [{ name: "OS::Glance::Image", prefix: "x_" }],
    objects: [{ name: "o", properties: { inner: { ...TEXT, type: "integer", maximum: 9 } } }],
  });
  await runTable(t, service, ROWS);
  const { id } = await service.create(OWNER, { secret: "x" });
  const { known } = await done(service, `GET /v2/images/${id}/metadefs-check`);
  assert.deepEqual(
    known,
    [{ name: "secret", namespaces: ["Secret"] }],
    "an administrator sees all definitions",
  );
  assert.equal(
    (await service.ask(`/v2/images/${id}/metadefs-check`, ADMIN)).headers.get("content-type"),
    "application/json",
  );
});
