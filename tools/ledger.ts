// Compares docs/compatibility.md with the program; exit 1 when they differ.
import { ROUTES } from "../openapi/document.ts";
import { HAND_BACK } from "../src/cli/db.ts";
import { DB_ACTIONS } from "../src/cli/db_actions.ts";
import { METADEF_ACTIONS } from "../src/cli/manage_metadefs.ts";
import { COMMANDS, PROGRAMS } from "../src/cli/run.ts";
import { findOption, findStoreOption, OPTIONS, RESERVED_STORES } from "../src/config/options.ts";
import { DRIVERS } from "../src/stores/registry.ts";
import { checkLedger, type Facts } from "./ledger_check.ts";

const manage = [...Object.keys(DB_ACTIONS), ...Object.keys(METADEF_ACTIONS)];
const facts: Facts = {
  routes: new Set(
    (ROUTES as readonly { method: string; path: string }[]).map(({ method, path }) =>
      `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "{}")}`
    ),
  ),
  groups: new Map([
    ...Object.entries(OPTIONS).map(([group, options]): [string, boolean] => [
      group,
      Object.values(options).some(({ acts }) => acts),
    ]),
    ...Object.keys(RESERVED_STORES).map((group): [string, boolean] => [group, true]),
  ]),
  isOption: (group, name) => (findOption(group, name) ?? findStoreOption(name)) !== undefined,
  drivers: new Set(Object.keys(DRIVERS)),
  commands: new Set([
    ...Object.keys(COMMANDS).filter((name) => name !== "db").map((name) => `oneglance ${name}`),
    ...[...Object.keys(DB_ACTIONS), HAND_BACK].map((action) => `oneglance db ${action}`),
    ...Object.keys(PROGRAMS).flatMap((name) =>
      name === "glance-manage" ? [`oneglance ${name}`] : [name, `oneglance ${name}`]
    ),
    ...manage.flatMap((action) => [`glance-manage db ${action}`, `glance-manage db_${action}`]),
  ]),
};

const ledger = new URL("../docs/compatibility.md", import.meta.url);
const breaches = checkLedger(await Deno.readTextFile(ledger), facts);
for (const { path, line, message } of breaches) console.error(`${path}:${line}: ${message}`);
if (breaches.length > 0) Deno.exitCode = 1;
