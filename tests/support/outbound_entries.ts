/** Every way by which a user can make the service request a URL. */
import assert from "node:assert/strict";
import { FORMATS, outcome, postImport } from "./imports.ts";
import { ADMIN, OWNER, type TestService, type Who } from "./service.ts";

/** The data at the URLs. */
export const DATA = "the data at the URL";
/** The id of an image in another region. */
export const ID = "71c675ab-d94f-49cd-a114-e12490b328d9";

/** Options as in a configuration that sets none of our lists. */
export const BY_DEFAULT: Record<string, string> = {
  "glance_store.stores": "file,http",
  "DEFAULT.show_multiple_locations": "true",
  "DEFAULT.enabled_import_methods": "[web-download,glance-download]",
  "DEFAULT.do_secure_hash": "false",
  "oneglance.outbound_allowed_networks": "",
  "import_filtering_opts.allowed_ports": "[80,443]",
};

interface Reply {
  /** Status and text of the response; `task` is how the task ended. */
  status: number;
  text: string;
  task: { status: string; message: string } | null;
}

/** One way; `ask` resolves when all work has ended. */
export interface Entry {
  name: string;
  ask(service: TestService, id: string, url: string): Promise<Reply>;
  /** The reply for a URL that the service refuses. */
  refused: { status: number; text: (url: string) => string; task?: string };
  /** Checks the image after a URL that the service reached. */
  reached: (service: TestService, id: string, reply: Reply) => Promise<void>;
}

async function replyOf(service: TestService, answer: Response, id?: string): Promise<Reply> {
  await service.deps.background.settled();
  const task = id === undefined ? null : (await outcome(service, id)).task ?? null;
  return { status: answer.status, text: await answer.text(), task };
}

const isActive = async (service: TestService, id: string) => {
  const { image } = await outcome(service, id);
  assert.deepEqual([image.status, image.size], ["active", DATA.length]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), DATA);
};

export const patchEntry = (op: string, path: string, value: (url: string) => unknown): Entry => ({
  name: `PATCH, ${op} ${path}`,
  ask: async (service, id, url) =>
    await replyOf(service, await service.patch(id, OWNER, [{ op, path, value: value(url) }])),
  refused: { status: 400, text: () => "Invalid location" },
  reached: isActive,
});

export const ENTRIES: Entry[] = [
  {
    name: "POST locations",
    ask: async (service, id, url) => {
      const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, {
        method: "POST",
        body: { url },
      });
      return await replyOf(service, answer, id);
    },
    refused: { status: 400, text: (url) => `URI for add location does not pass filtering: ${url}` },
    reached: isActive,
  },
  patchEntry("add", "/locations/-", (url) => ({ url, metadata: {} })),
  patchEntry("replace", "/locations", (url) => [{ url, metadata: {} }]),
  {
    name: "web-download",
    ask: async (service, id, uri) =>
      await replyOf(service, await postImport(service, id, { method: { name: "web-download", uri } }), id),
    refused: { status: 400, text: (url) => `URI for web-download does not pass filtering: ${url}` },
    reached: isActive,
  },
  {
    name: "glance-download, whose first request is that of the metadata",
    ask: async (service, id, url) => {
      const endpoints = [{ region: "far", publicURL: url }];
      const catalog = JSON.stringify([{ type: "image", endpoints }]);
      const who: Who = { ...OWNER, headers: { "x-service-catalog": catalog } };
      const method = { name: "glance-download", glance_region: "far", glance_image_id: ID };
      return await replyOf(service, await postImport(service, id, { method }, who), id);
    },
    refused: {
      status: 202,
      text: () => "",
      task: "Processed URI for glance-download does not pass filtering: ",
    },
    reached: isActive,
  },
  {
    name: "legacy import",
    ask: async (service, _id, url) => {
      const input = { import_from: url, import_from_format: "raw", image_properties: FORMATS };
      const answer = await service.ask("/v2/tasks", ADMIN, {
        method: "POST",
        body: { type: "import", input },
      });
      return await replyOf(service, answer);
    },
    refused: { status: 400, text: (url) => `URI for legacy import task does not pass filtering: ${url}` },
    reached: async (service, _id, { text }) => {
      const task = await (await service.ask(`/v2/tasks/${JSON.parse(text).id}`, ADMIN)).json();
      assert.equal(task.status, "success", task.message);
    },
  },
];
