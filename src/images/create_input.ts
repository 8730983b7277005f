/** The attributes of a new image, sorted as the verb wants them (docs/reference/images-api.md §2.1). */
import { fail } from "../errors.ts";
import {
  checkPropertyName,
  isReadOnlyOnCreate,
  isReserved,
  isWritable,
  refuseBeyondBmp,
} from "./attributes.ts";
import type { CreateInput } from "./create.ts";
import type { ImageSchema } from "./image_schema.ts";

/**
 * Sorts the members of `body`, whose base attributes are of the right types; everything else is checked here.
 * Errors: bad_request, forbidden.
 */
export function createInput(body: Record<string, unknown>, schema: ImageSchema): CreateInput {
  const columns: Record<string, unknown> = {};
  const properties: [string, string | null][] = [];
  const readOnly: string[] = [];
  const names = Object.keys(body);
  for (const name of names) if (!isWritable(name)) checkPropertyName(name);
  for (const [name, value] of Object.entries(body)) {
    if (name === "id" || name === "tags") continue;
    if (isWritable(name)) columns[name] = value;
    else if (isReadOnlyOnCreate(name)) readOnly.push(name);
    else if (name !== "locations") properties.push([name, schema.checkProperty(name, value)]);
  }
  schema.checkFormat("disk_format", columns.disk_format);
  schema.checkFormat("container_format", columns.container_format);
  schema.checkRequired(new Set(names));
  const reserved = names.find((name) => name === "locations" || isReserved(name));
  if (reserved !== undefined) fail("forbidden", `Attribute '${reserved}' is reserved.`, { form: "detail" });
  const tags = (body.tags ?? []) as string[];
  refuseBeyondBmp(columns.name as string, columns.owner as string, ...tags);
  return {
    ...(body.id === undefined ? {} : { id: body.id as string }),
    columns,
    tags,
    properties: Object.fromEntries(properties),
    readOnly,
  };
}
