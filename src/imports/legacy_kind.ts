/** The task type `import` (docs/reference/tasks-api.md §5.1): makes an image of the data at a URL. */
import * as v from "valibot";
import type { NewImage } from "../../db/records.ts";
import { fail, isError } from "../errors.ts";
import { checkPropertyValue, isKeepable } from "../images/attributes.ts";
import { admitImage, createInput, insertImage } from "../images/create.ts";
import { imageIfAny } from "../images/find.ts";
import { requireFormats } from "../images/upload.ts";
import {
  fields,
  given,
  MAX_RUNS,
  messageOf,
  readInput,
  type TaskKind,
  type TaskRun,
} from "../tasks/runner.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";
import { checkImportUri, fetchSource } from "./fetch_source.ts";
import { type ImportJob, isWhole, listProperties, move, storeOf } from "./job.ts";
import { extractDisk } from "./ova/extract.ts";
import { convertTo } from "./plugins/convert.ts";
import {
  type ImportAdded,
  type ImportInput,
  type ImportStep,
  inspectStep,
  stageStep,
  unstageStep,
  verifyStep,
  writeStep,
} from "./steps.ts";
import { discardFrom } from "./write_stores.ts";

const URI = "URI for legacy import task";

const INPUT = fields({
  import_from: given("import_from", v.unknown()),
  import_from_format: given("import_from_format", v.unknown()),
  image_properties: given("image_properties", v.unknown()),
});

/** Leaves a new image, `importing`. */
const createStep: ImportStep = {
  name: "create",
  async run(run, { job, imageId }) {
    const { ctx } = run;
    const { import_from: uri, image_properties } = readInput(run.task, INPUT);
    await checkImportUri(ctx.deps, uri, URI);
    for (const id of job.stores) storeOf(ctx.deps, id);
    const record = await legacyImage(run, job, image_properties);
    const found = await imageIfAny(ctx.deps, imageId);
    return {
      image: found ?? await insertImage(ctx, record),
      stores: job.stores,
      open: (signal) => fetchSource(ctx.deps, { uri, what: URI }, signal),
    };
  },
  async undo({ ctx }, { imageId }) {
    await ctx.deps.db.write.images.delete({ id: imageId, to: "deleted" });
  },
};

/** Leaves the disk of a staged OVA in its place, and the data in the format that the service wants. */
const diskStep: ImportStep = {
  name: "disk",
  async run(run, { image: found, path: staged, job: { stores } }) {
    const { ctx, signal, report } = run;
    let image = found;
    const plugin = {
      ctx,
      path: staged,
      copies: stores.length,
      signal,
      progress: (text: string) => report({ step: text.slice(0, 30) }),
    };
    const { id } = image;
    if (image.container_format === "ova") {
      if (!ctx.caller.isAdmin) fail("forbidden", "OVA extract is limited to admin");
      report({ step: "ova" });
      const setProperties = await extractDisk({ ...plugin, image });
      for (const [name, value] of Object.entries(setProperties)) checkPropertyValue(name, value);
      const columns = { container_format: "bare" };
      image = await move(run, { id, from: ["importing"], to: "same", columns, setProperties });
    }
    const target = ctx.deps.config.get("taskflow_executor.conversion_format");
    if (target === null) return { image };
    report({ step: "conversion" });
    const { path, columns = {} } = await convertTo({ ...plugin, image }, target);
    return { path, image: await move(run, { id, from: ["importing"], to: "same", columns }) };
  },
};

/** As that of an import, but the image goes as well, and the default store may be another by now: no store keeps any data. */
const legacyWriteStep: ImportStep = {
  ...writeStep,
  undo: ({ ctx: { deps } }, { imageId }) => discardFrom(deps, imageId, deps.stores.all),
};

/** After a run that died, a resumed one only clears the staging area: the image is active already. */
const STEPS: readonly ImportStep[] = [
  ...[createStep, stageStep, diskStep, inspectStep, verifyStep, legacyWriteStep]
    .map((step): ImportStep => ({ ...step, when: ({ past }) => past === null || past.untouched })),
  unstageStep,
];

/** The task type `import`. */
export const legacyKind: TaskKind<ImportInput, ImportAdded> = {
  type: "import",
  noun: "import",
  makesImage: true,
  async admit({ deps }, { import_from: uri }) {
    if (!uri) fail("bad_request", "Input does not contain 'import_from' field");
    await checkImportUri(deps, uri, URI);
  },
  parse({ imageId, task, ctx: { deps: { stores } } }) {
    const id = imageId ?? fail("internal", "The task has no image.");
    const job = {
      imageId: id,
      method: { name: "web-download" },
      name: "web-download" as const,
      stores: [stores.multi ? String(task.input?.backend ?? stores.default.id) : null],
      mustSucceed: true,
      expectedHash: null,
    };
    return { imageId: id, job };
  },
  steps: () => STEPS,
  async onTakeover({ ctx: { deps } }, { imageId }, { runs, untouched }) {
    if (untouched && runs <= MAX_RUNS) return "resume";
    const image = await imageIfAny(deps, imageId);
    // Users may have it.
    return image && isWhole(image) ? "resume" : "undo";
  },
  /** Errors of the input are in the message unchanged (§5.3). */
  messageOf: (error) => isError(error, "bad_request") ? error.message : messageOf(error),
};

const TEXT = "must be text of at most 255 characters";
const text = v.pipe(v.string(TEXT), v.maxLength(255, TEXT));
const flag = v.boolean("must be true or false");
const format = v.nullable(v.string("must be text"));
const WHOLE = "must be a whole number from 0 to 2147483647";
const whole = v.pipe(v.number(WHOLE), v.integer(WHOLE), v.minValue(0, WHOLE), v.maxValue(2147483647, WHOLE));
const VISIBILITIES = ["community", "public", "private", "shared"] as const;

/** The base attributes by their types, as the contract has them for POST /v2/images. */
const BASE = v.partial(v.object({
  name: v.nullable(text),
  visibility: v.picklist(VISIBILITIES, `must be one of ${VISIBILITIES.join(", ")}`),
  protected: flag,
  os_hidden: flag,
  owner: v.nullable(text),
  tags: v.array(text, "must be a list of texts"),
  disk_format: format,
  container_format: format,
  min_ram: whole,
  min_disk: whole,
}));

/**
 * The record, importing from the first: while it were queued, others could bring it data. What POST /v2/images would
 * refuse is refused. Errors: bad_request, forbidden, too_large, each naming what is wrong.
 */
async function legacyImage({ ctx, task }: TaskRun, job: ImportJob, given: unknown): Promise<NewImage> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    fail("bad_request", "Input field 'image_properties' must be an object");
  }
  const { success, issues } = v.safeParse(BASE, given);
  if (!success) fail("bad_request", `image_properties: '${v.getDotPath(issues[0])}' ${issues[0].message}`);
  for (const [name, value] of Object.entries(given)) {
    // The message of POST /v2/images would not name it.
    if ([value].flat().some((each) => typeof each === "string" && !isKeepable(each))) {
      fail("bad_request", `image_properties: '${name}' has characters that cannot be stored`);
    }
  }
  if (Object.hasOwn(given, "id")) fail("bad_request", "image_properties: 'id' cannot be chosen");
  const body = { disk_format: "qcow2", container_format: "bare", ...given };
  const attributes = await admitImage(ctx, createInput(body, ctx.deps.imageSchema));
  requireFormats(attributes);
  return {
    ...attributes,
    id: job.imageId,
    status: "importing",
    properties: {
      [IMAGE_PROPERTY.importTask]: task.id,
      ...listProperties(job.stores, []),
      ...attributes.properties,
    },
  };
}
