/** Which rows a caller's list considers (docs/reference/images-api.md §4.3). */
import { type Dialect, PRIMARY } from "../dialects/dialect.ts";
import type { ImageListQuery } from "../records.ts";
import { and, or, type Sql, sql } from "../sql.ts";

/**
 * A part of a scope: `index` gives its rows in order of creation; by `PRIMARY` it gives them in no order, but they
 * are few. The parts of a scope share no row.
 */
export interface ScopePart {
  index: string;
  where: Sql;
}

const visibilityIs = (value: string): ScopePart => ({
  index: "oneglance_images_visibility",
  where: sql("i.visibility = ?", value),
});
const everything = (where: Sql): ScopePart => ({ index: "oneglance_images_created", where });

function ownPart(project: string, condition: string): ScopePart {
  return { index: "oneglance_images_owner", where: and(sql("i.owner = ?", project), sql(condition)) };
}

/** Images that others share with the project, with a membership of that status. */
function sharedPart(
  dialect: Dialect,
  project: string,
  status: ImageListQuery["memberStatus"],
): ScopePart {
  const members = `SELECT m.image_id FROM ${dialect.through("image_members m", "oneglance_members_member")}`;
  const mine = status === "all"
    ? sql(`i.id IN (${members} WHERE m.member = ? AND m.deleted = 0)`, project)
    : sql(`i.id IN (${members} WHERE m.member = ? AND m.status = ? AND m.deleted = 0)`, project, status);
  const others = sql("i.visibility = 'shared' AND (i.owner IS NULL OR i.owner <> ?)", project);
  return { index: PRIMARY, where: and(mine, others) };
}

function adminScope({ viewer, visibility }: ImageListQuery): ScopePart[] {
  if (visibility === "all") return [everything(sql("1"))];
  if (visibility) return [visibilityIs(visibility)];
  return [everything(sql("(i.visibility <> 'community' OR i.owner = ?)", viewer.projectId))];
}

/** Returns the scope as parts without common rows; none when the caller can see no image. */
export function scopeParts(dialect: Dialect, query: ImageListQuery): ScopePart[] {
  const { viewer, visibility, memberStatus } = query;
  if (viewer.isAdmin) return adminScope(query);
  const project = viewer.projectId;
  const own = (condition: string) => project === null ? [] : [ownPart(project, condition)];
  const shared = project === null ? [] : [sharedPart(dialect, project, memberStatus)];
  switch (visibility) {
    case "public":
    case "community":
      return [visibilityIs(visibility)];
    case "private":
      return own("i.visibility = 'private'");
    case "shared":
      return [...own("i.visibility = 'shared'"), ...shared];
    case "all":
      return [
        visibilityIs("public"),
        visibilityIs("community"),
        ...own("i.visibility IN ('private', 'shared')"),
        ...shared,
      ];
    default:
      return [visibilityIs("public"), ...own("i.visibility <> 'public'"), ...shared];
  }
}

/** Returns the same scope as one condition on a row, for walks in another order. */
export function scopePredicate(dialect: Dialect, query: ImageListQuery): Sql {
  const { viewer, memberStatus: status } = query;
  const parts = scopeParts(dialect, query);
  return or(...parts.map((part) => {
    if (part.index !== PRIMARY) return sql(`(${part.where.text})`, ...part.where.params);
    const member =
      "SELECT 1 FROM image_members m WHERE m.image_id = i.id AND m.member = ? AND +m.deleted = 0";
    const any = status === "all";
    return sql(
      `(i.visibility = 'shared' AND EXISTS (${member}${any ? "" : " AND m.status = ?"}))`,
      viewer.projectId,
      ...(any ? [] : [status]),
    );
  }));
}
