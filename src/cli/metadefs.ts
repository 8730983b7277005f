/** `oneglance metadefs load|unload|export|list|check` (docs/metadefs.md). */
import { ADMIN_VIEWER } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import { shippedNamespaces } from "../metadefs/catalogue.ts";
import { checkProperties, IMAGE_NAMESPACES, IMAGE_TYPE } from "../metadefs/check_properties.ts";
import { everyNamespace, exportFiles } from "../metadefs/export.ts";
import { type Loaded, loadFiles, type LoadFlags, loadMode, loadNamespaces } from "../metadefs/load.ts";
import { takeFlags, UsageError } from "../util/arguments.ts";
import { didYouMean } from "../util/near.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import { loadFor } from "./configuration.ts";
import type { Program } from "./program.ts";
import { withDatabase } from "./with_database.ts";

const FLAGS = ["--merge", "--prefer-new", "--prefer_new", "--overwrite", "--shipped", "--json"] as const;
type Flag = typeof FLAGS[number];

interface Asked {
  program: Program;
  config: Config;
  flags: ReadonlySet<Flag>;
  /** The other arguments. */
  rest: string[];
}

const ACTIONS: Record<string, { takes: readonly Flag[]; run: (asked: Asked) => Promise<number> }> = {
  load: { takes: ["--merge", "--prefer-new", "--prefer_new", "--overwrite", "--shipped"], run: load },
  unload: { takes: [], run: unload },
  export: { takes: [], run: exportAll },
  list: { takes: ["--json"], run: list },
  check: { takes: ["--json"], run: check },
};

/** Resolves to the exit code: 0 done, 1 for a problem. Errors: UsageError, config, database. */
export async function metadefs(program: Program, line: CommandLine): Promise<number> {
  const [name, ...args] = line.rest;
  const action = name === undefined || !Object.hasOwn(ACTIONS, name) ? undefined : ACTIONS[name];
  if (!action) {
    const known = Object.keys(ACTIONS);
    throw new UsageError(`metadefs needs one of ${known.join(", ")}.${didYouMean(name ?? "", known)}`);
  }
  const { flags, rest } = takeFlags(args, action.takes);
  const wrong = rest.find((each) => each.startsWith("-")) ?? rest[1];
  refuseRest(`metadefs ${name}`, wrong === undefined ? [] : [wrong], action.takes);
  return await action.run({ program, config: loadFor(program, line, "glance-manage"), flags, rest });
}

/** The flags of a load, in whichever spelling. */
function loadFlags(flags: ReadonlySet<Flag>): LoadFlags {
  return {
    merge: flags.has("--merge"),
    preferNew: flags.has("--prefer-new") || flags.has("--prefer_new"),
    overwrite: flags.has("--overwrite"),
  };
}

async function load({ program, config, flags, rest }: Asked): Promise<number> {
  const mode = loadMode(loadFlags(flags));
  const shipped = flags.has("--shipped");
  if (shipped && rest.length > 0) throw new UsageError("metadefs load takes either --shipped or a PATH.");
  const path = rest[0] ?? config.get("DEFAULT.metadata_source_path");
  return await withDatabase(program, config, async (db) => {
    if (shipped) {
      const namespaces = shippedNamespaces();
      const outcomes = await loadNamespaces(db, namespaces, mode);
      outcomes.forEach((outcome, i) => program.out(`${namespaces[i]!.columns.namespace}: ${outcome}`));
      return 0;
    }
    return report(program, await loadFiles(db, path, mode));
  });
}

function report(program: Program, results: readonly Loaded[]): number {
  for (const result of results) {
    if ("problem" in result) program.err(`${result.file}: ${result.problem}`);
    else program.out(`${result.namespace}: ${result.outcome} (${result.file})`);
  }
  return results.some((result) => "problem" in result) ? 1 : 0;
}

async function unload({ program, config, rest }: Asked): Promise<number> {
  refuseRest("metadefs unload", rest);
  await withDatabase(program, config, (db) => db.write.metadefs.unload());
  program.out("All metadata definitions were removed.");
  return 0;
}

async function exportAll({ program, config, rest }: Asked): Promise<number> {
  const [path] = rest;
  if (path === undefined) throw new UsageError("metadefs export needs a PATH.");
  const isFolder = await Deno.stat(path).then((found) => found.isDirectory, () => false);
  const prefix = isFolder && !path.endsWith("/") ? `${path}/` : path;
  const written = await withDatabase(program, config, (db) => exportFiles(db, prefix));
  for (const file of written) program.out(file);
  return 0;
}

async function list({ program, config, flags, rest }: Asked): Promise<number> {
  refuseRest("metadefs list", rest);
  const rows = await withDatabase(program, config, async (db) => {
    const all = [];
    for (const namespace of await everyNamespace(db)) {
      const { objects, properties, tags } = await db.read.metadefs.contents({ namespaceId: namespace.id });
      all.push({
        namespace: namespace.namespace,
        visibility: namespace.visibility ?? "private",
        protected: namespace.protected ?? false,
        owner: namespace.owner,
        properties: properties.length,
        objects: objects.length,
        tags: tags.length,
        resource_types: namespace.associations.map(({ name }) => name),
      });
    }
    return all;
  });
  if (flags.has("--json")) program.out(JSON.stringify(rows, null, 2));
  else {
    for (const row of rows) {
      const { namespace, visibility, properties, objects, tags } = row;
      program.out(`${namespace}  ${visibility}  ${properties} properties, ${objects} objects, ${tags} tags`);
    }
  }
  return 0;
}

/** Checks as an administrator, against every definition. */
async function check({ program, config, flags, rest }: Asked): Promise<number> {
  const [id] = rest;
  if (id === undefined) throw new UsageError("metadefs check needs the ID of an image.");
  const viewer = ADMIN_VIEWER;
  const checked = await withDatabase(program, config, async (db) => {
    const image = await db.read.images.show({ id, viewer });
    if (!image) return null;
    const input = { resourceType: IMAGE_TYPE, names: IMAGE_NAMESPACES, viewer };
    return checkProperties(image.properties, await db.read.metadefs.definitions(input));
  });
  if (!checked) {
    program.err(`No image found with ID ${id}`);
    return 1;
  }
  if (flags.has("--json")) program.out(JSON.stringify({ image_id: id, ...checked }, null, 2));
  else {
    for (const { name, namespaces } of checked.known) {
      program.out(`known    ${name}: ${namespaces.join(", ")}`);
    }
    for (const name of checked.unknown) program.out(`unknown  ${name}`);
    for (const { name, value, problems } of checked.broken) {
      for (const { namespace, problem } of problems) {
        program.out(`broken   ${name}: '${value}' ${problem} (${namespace})`);
      }
    }
  }
  return checked.broken.length > 0 ? 1 : 0;
}
