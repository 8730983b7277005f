/** A service with many images of known names, for lists. */
import type { ImageRecord } from "../../db/records.ts";
import { ADMIN, OWNER, type TestService, type Who } from "./service.ts";

/** An image to create, identified by its name; `who` creates it. */
export interface Planned {
  name: string;
  who?: Who;
  body?: Record<string, unknown>;
  /** Size of the data that is uploaded; absent = none. */
  size?: number;
  /** Columns that no client can set. */
  columns?: Partial<Omit<ImageRecord, "status">>;
  /** Project and status of a member. */
  member?: [project: string, status: "pending" | "accepted" | "rejected"];
}

/** Creates the images one after the other; returns their ids by name. */
export async function fill(
  service: TestService,
  planned: readonly Planned[],
): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  const { write } = service.deps.db;
  for (const { name, who = OWNER, body = {}, size, columns, member } of planned) {
    const formats = size === undefined ? {} : { disk_format: "raw", container_format: "bare" };
    const { id } = await service.create(who.project === undefined ? ADMIN : who, {
      name,
      ...formats,
      ...body,
    });
    ids[name] = id;
    if (size !== undefined) await service.upload(id, who, new Uint8Array(size));
    if (columns) await write.images.change({ id, columns });
    if (member) {
      await write.members.add({ imageId: id, member: member[0], quota: -1 });
      await write.members.setStatus({ imageId: id, member: member[0], status: member[1] });
    }
  }
  return ids;
}

/** Returns the response of a list request, as JSON. */
export async function listed(
  service: TestService,
  who: Who,
  query = "",
): Promise<{ images: { id: string; name: string | null }[]; first: string; next?: string; schema: string }> {
  const response = await service.ask(`/v2/images${query === "" ? "" : `?${query}`}`, who);
  if (response.status !== 200) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return await response.json();
}

/** Returns the names on one page. */
export async function names(service: TestService, who: Who, query = ""): Promise<(string | null)[]> {
  return (await listed(service, who, query)).images.map(({ name }) => name);
}
