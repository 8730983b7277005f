/** The task type `import` (docs/reference/tasks-api.md §5.1): makes an image of the data at a URL. */
import * as v from "valibot";
import { fail, isError } from "../errors.ts";
import { checkPropertyValue } from "../images/attributes.ts";
import { insertImage } from "../images/create.ts";
import { imageIfAny } from "../images/find.ts";
import { fields, given, MAX_RUNS, readInput, type TaskKind } from "../tasks/kind.ts";
import { messageOf } from "../tasks/runner.ts";
import { checkImportUri, fetchSource } from "./fetch_source.ts";
import { isWhole, move } from "./imported_image.ts";
import { storeOf } from "./job.ts";
import { legacyImage } from "./legacy_image.ts";
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
    const { ctx, signal, progress } = run;
    let image = found;
    const plugin = {
      ctx,
      path: staged,
      copies: stores.length,
      signal,
      progress: (text: string) => void (progress.step = text.slice(0, 30)),
    };
    const { id } = image;
    if (image.container_format === "ova") {
      if (!ctx.caller.isAdmin) fail("forbidden", "OVA extract is limited to admin");
      progress.step = "ova";
      const setProperties = await extractDisk({ ...plugin, image });
      for (const [name, value] of Object.entries(setProperties)) checkPropertyValue(name, value);
      const columns = { container_format: "bare" };
      image = await move(run, { id, from: ["importing"], to: "same", columns, setProperties });
    }
    const target = ctx.deps.config.get("taskflow_executor.conversion_format");
    if (target === null) return { image };
    progress.step = "conversion";
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
