import type { Database } from "../../db/database.ts";
import type { NamespaceRecord } from "../../db/metadef_records.ts";
import { ADMIN_VIEWER } from "../../db/records.ts";

const PAGE = 500;

/** Returns the namespaces of all owners, by name. */
export async function everyNamespace(db: Database): Promise<NamespaceRecord[]> {
  const all: NamespaceRecord[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await db.read.metadefs.namespaces({
      viewer: ADMIN_VIEWER,
      sort: { key: "namespace", dir: "asc" },
      limit: PAGE,
      ...(last ? { after: last.id } : {}),
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
