/** A service with many images of known names, for lists. */
import type { ImageRecord } from "../../db/records.ts";
import { MARIADB } from "./mariadb_database.ts";
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
  const made: string[] = [];
  const { write } = service.deps.db;
  for (const { name, who = OWNER, body = {}, size, columns, member } of planned) {
    const formats = size === undefined ? {} : { disk_format: "raw", container_format: "bare" };
    const { id } = await service.create(who.project === undefined ? ADMIN : who, {
      name,
      ...formats,
      ...body,
    });
    ids[name] = id;
    made.push(id);
    if (size !== undefined) await service.upload(id, who, new Uint8Array(size));
    if (columns) await write.images.change({ id, columns });
    if (member) {
      await write.members.add({ imageId: id, member: member[0], quota: -1 });
      await write.members.setStatus({ imageId: id, member: member[0], status: member[1] });
    }
  }
  if (MARIADB !== null) await spread(service, made);
  return ids;
}

/** Sets images a second apart, as if they had not been made in one: the times of MariaDB are whole seconds. */
async function spread({ database }: TestService, ids: readonly string[]): Promise<void> {
  const move = async (seconds: number, where: string) =>
    await database.exec(
      `UPDATE images SET created_at = created_at - INTERVAL ${seconds} SECOND,
         updated_at = updated_at - INTERVAL ${seconds} SECOND WHERE ${where}`,
    );
  // Those that were made before stay before.
  await move(ids.length, `id NOT IN (${ids.map((id) => `'${id}'`).join()})`);
  for (const [at, id] of ids.entries()) await move(ids.length - at, `id = '${id}'`);
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
