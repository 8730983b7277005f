/** The JSON of an image (docs/reference/images-api.md §3.1) in upstream's key order. */
import type { ImageRecord } from "../../../db/records.ts";
import type { Ctx } from "../../deps.ts";
import { apiTime } from "../../util/timestamp.ts";
import { IMAGE_PROPERTY } from "../../util/names.ts";

const HIDDEN: string[] = [IMAGE_PROPERTY.stageHost, IMAGE_PROPERTY.hashHost];

/** Returns the JSON object of one image. */
export function imageView(ctx: Ctx, image: ImageRecord): Record<string, unknown> {
  const { config, stores, imageSchema } = ctx.deps;
  const view: [string, unknown][] = [];
  for (const [name, value] of Object.entries(image.properties)) {
    if (HIDDEN.includes(name)) continue;
    view.push([name, value ?? (imageSchema.custom.has(name) ? null : "")]);
  }
  const visible = image.status === "deactivated" && !ctx.caller.isAdmin ? [] : stores.order(image.locations);
  view.push(
    ["name", image.name],
    ["disk_format", image.disk_format],
    ["container_format", image.container_format],
    ["visibility", image.visibility],
    ["size", image.size],
    ["virtual_size", image.virtual_size],
    ["status", image.status],
    ["checksum", image.checksum],
    ["protected", image.protected],
    ["min_ram", image.min_ram],
    ["min_disk", image.min_disk],
    ["owner", image.owner],
    ["os_hidden", image.os_hidden],
    ["os_hash_algo", image.os_hash_algo],
    ["os_hash_value", image.os_hash_value],
    ["id", image.id],
    ["created_at", apiTime(image.created_at)],
    ["updated_at", apiTime(image.updated_at)],
  );
  if (config.get("DEFAULT.show_multiple_locations")) {
    view.push(["locations", visible.map(({ url, metadata }) => ({ url, metadata }))]);
  }
  if (config.get("DEFAULT.show_image_direct_url") && visible[0]) view.push(["direct_url", visible[0].url]);
  view.push(
    ["tags", image.tags],
    ["self", `/v2/images/${image.id}`],
    ["file", `/v2/images/${image.id}/file`],
    ["schema", "/v2/schemas/image"],
  );
  const ids = stores.multi
    ? visible.map(({ metadata }) => metadata.store).filter((id) => id !== undefined)
    : [];
  if (ids.length > 0) view.push(["stores", ids.join(",")]);
  // fromEntries makes __proto__ an ordinary property.
  return Object.fromEntries(view);
}
