/** The image that a legacy import makes, from `image_properties` of the task's input (docs/reference/tasks-api.md §5.1). */
import * as v from "valibot";
import type { NewImage } from "../../db/records.ts";
import { fail } from "../errors.ts";
import { isKeepable } from "../images/attributes.ts";
import { admitImage } from "../images/create.ts";
import { createInput } from "../images/create_input.ts";
import { requireFormats } from "../images/upload.ts";
import type { TaskRun } from "../tasks/kind.ts";
import { listProperties } from "./imported_image.ts";
import type { ImportJob } from "./job.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

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
export async function legacyImage({ ctx, task }: TaskRun, job: ImportJob, given: unknown): Promise<NewImage> {
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
