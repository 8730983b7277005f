/** A second implementation of the list in plain code, to compare with SQL (docs/reference/images-api.md §4.3 to §4.5). */
import type { ImageListQuery, ImageRecord, ListCondition, MemberStatus } from "../../db/records.ts";

/** An image with the status of each member. */
export interface Stored {
  image: ImageRecord;
  members: Record<string, MemberStatus>;
}

function inScope({ image, members }: Stored, { viewer, visibility, memberStatus }: ImageListQuery): boolean {
  const { owner } = image;
  const mine = owner !== null && owner === viewer.projectId;
  if (viewer.isAdmin) {
    if (visibility === "all") return true;
    return visibility ? image.visibility === visibility : image.visibility !== "community" || mine;
  }
  const status = viewer.projectId === null ? undefined : members[viewer.projectId];
  const shared = image.visibility === "shared" && status !== undefined &&
    (memberStatus === "all" || memberStatus === status);
  const listed = image.visibility === "public" || mine || shared;
  switch (visibility) {
    case "public":
    case "community":
      return image.visibility === visibility;
    case "private":
      return image.visibility === "private" && mine;
    case "shared":
      return image.visibility === "shared" && (mine || shared);
    case "all":
      return listed || image.visibility === "community";
    default:
      return listed;
  }
}

function holds(image: ImageRecord, condition: ListCondition): boolean {
  switch (condition.kind) {
    case "none":
      return false;
    case "in":
      return condition.values.some((value) => value === image[condition.column]);
    case "range": {
      const value = image[condition.column];
      return value !== null && value >= (condition.min ?? -Infinity) && value <= (condition.max ?? Infinity);
    }
    case "time": {
      const value = image[condition.column];
      const order = value < condition.value ? -1 : value > condition.value ? 1 : 0;
      return {
        gt: order > 0,
        gte: order >= 0,
        lt: order < 0,
        lte: order <= 0,
        eq: order === 0,
        neq: order !== 0,
      }[
        condition.op
      ];
    }
    case "property":
      return image.properties[condition.name] === condition.value;
    case "tag":
      return image.tags.includes(condition.value);
  }
}

function compare(a: ImageRecord, b: ImageRecord, sort: ImageListQuery["sort"]): number {
  for (const { key, dir } of sort) {
    const nothing = key === "size" ? 0 : "";
    const [x, y] = [a[key] ?? nothing, b[key] ?? nothing];
    if (x !== y) return (x < y ? -1 : 1) * (dir === "asc" ? 1 : -1);
  }
  return 0;
}

/** Returns the ids of the whole list, in order, over all pages. */
export function expectedIds(all: readonly Stored[], query: ImageListQuery): string[] {
  return all
    .filter(({ image }) => !image.deleted && !["killed", "deleted", "pending_delete"].includes(image.status))
    .filter(({ image }) => image.os_hidden === query.osHidden)
    .filter((stored) => inScope(stored, query))
    .filter(({ image }) => query.conditions.every((condition) => holds(image, condition)))
    .map(({ image }) => image)
    .sort((a, b) => compare(a, b, query.sort))
    .map(({ id }) => id);
}
