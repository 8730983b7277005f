/** `oneglance db check --against-glance`: what to know before oneglance takes over from Glance (docs/exchange.md). */
import type { Finding, Weight } from "../../db/adoption/finding.ts";
import type { Locate } from "../../db/adoption/locations.ts";
import type { AdoptionReport } from "../../db/adoption/report.ts";
import { databaseAdoption } from "../../db/manage.ts";
import type { Config } from "../config/config.ts";
import { connectionOf } from "../database_settings.ts";
import { DRIVERS } from "../stores/registry.ts";
import { schemeOrNull, storeIdOf } from "../stores/store.ts";
import type { Program } from "./program.ts";

/** Exit codes; those of `db check` are 3 to 5. */
const EXIT: Record<Weight, number> = { blocks: 8, wait: 7, differs: 7, note: 0 };

const HEADINGS: Record<Weight, string> = {
  blocks: "IN THE WAY",
  wait: "NOT FINISHED",
  differs: "DIFFERS",
  note: "NOTE",
};

/** Prints the report; resolves to 0 (ready), 7 (something to look at) or 8 (something is in the way). Errors: config, database. */
export async function againstGlance(program: Program, config: Config, json: boolean): Promise<number> {
  const report = await databaseAdoption(connectionOf(config), {
    force: config.get("oneglance.force_network_filesystem"),
    locationKey: config.get("DEFAULT.metadata_encryption_key") || null,
    locate: locateBy(config),
  });
  program.out(json ? JSON.stringify(report, null, 2) : text(report));
  return Math.max(0, ...report.findings.map(({ weight }) => EXIT[weight]));
}

function text({ database, revisions, images, findings }: AdoptionReport): string {
  const about = [`${database}, revision ${revisions.join(", ") || "none"}`];
  if (images !== null) about.push(`${images} images`);
  const last = findings.some(({ weight }) => weight === "blocks")
    ? "oneglance cannot take over yet."
    : "oneglance can take over.";
  return [about.join(", "), ...findings.map(lines), last].join("\n");
}

function lines({ weight, count, what, todo, examples }: Finding): string {
  const rest = count - examples.length;
  const named = examples.length === 0
    ? []
    : [`  ${examples.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`];
  const counted = examples.length === 0 ? what : `${what} (${count})`;
  return [`${HEADINGS[weight]}: ${counted}`, ...named, `  -> ${todo}`].join("\n");
}

/** The schemes of what oneglance can read. */
const SCHEMES: Record<keyof typeof DRIVERS, readonly string[]> = {
  file: ["file", "filesystem"],
  http: ["http", "https"],
};

/** By the configuration alone: no store is opened. */
function locateBy(config: Config): Locate {
  const backends = config.get("DEFAULT.enabled_backends");
  const multi = backends !== null && backends.size > 0;
  const types = multi ? [...backends.values()] : config.get("glance_store.stores").map((name) => name.trim());
  const schemes = types.flatMap((type) => Object.hasOwn(SCHEMES, type) ? SCHEMES[type]! : []);
  return (url, metadata) => {
    const id = multi ? storeIdOf(metadata) : null;
    const type = id === null ? undefined : backends?.get(id);
    if (type !== undefined && !Object.hasOwn(DRIVERS, type)) {
      return {
        code: `store_type_${type}`,
        what: `locations are in stores of the type ${type}, which oneglance does not have yet`,
        todo: `Copy these images to another store first (copy-image), or wait for the driver.`,
      };
    }
    const scheme = schemeOrNull(url);
    if (scheme !== null && schemes.includes(scheme)) return null;
    return {
      code: `no_store_for_${scheme ?? "broken_urls"}`,
      what: `locations are of ${scheme ?? "no readable scheme"}, for which no store is configured`,
      todo: multi
        ? "Add their store to enabled_backends, under the id that Glance has for it."
        : "Add their store to [glance_store] stores.",
    };
  };
}
