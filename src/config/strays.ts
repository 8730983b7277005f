import { closest } from "../util/near.ts";
import type { IniEntry } from "./ini.ts";
import { LOGIN_OPTIONS } from "./options_keystone.ts";
import { isObsolete } from "./options_obsolete.ts";
import type { Option } from "./option.ts";
import { findOption, findStoreOption, OPTIONS } from "./options.ts";
import { STORE_OPTIONS } from "./options_stores.ts";
import { splitKey } from "./value_texts.ts";

/** A key of a file that oneglance does not read. */
export interface Stray {
  readonly file: string;
  readonly line: number;
  readonly group: string;
  readonly name: string;
  /** Its probable meaning, as text for the log; null when no known key is similar. */
  readonly near: string | null;
}

let aliases: ReadonlySet<string> | null = null;

/** Separates the keys that match no option into unknown ones and those of other releases. */
export function listStrays(
  entries: readonly IniEntry[],
  stores: ReadonlySet<string>,
  loginSections: readonly (string | null)[],
): { unknown: Stray[]; obsolete: Stray[] } {
  const unknown: Stray[] = [];
  const obsolete: Stray[] = [];
  const isStore = (group: string) => stores.has(group);
  aliases ??= collectAliases();
  for (const { file, line, group: written, name } of entries) {
    const group = written === "DEFAULT" || isStore(written) ? written : written.toLowerCase();
    const key = `${group}.${name}`;
    const known = findOption(group, name) !== undefined || aliases.has(key) ||
      (isStore(group) && (findStoreOption(name) !== undefined || aliases.has(`*.${name}`))) ||
      (loginSections.includes(written) && Object.hasOwn(LOGIN_OPTIONS, name));
    if (known) continue;
    const stray = { file, line, group: written, name };
    if (isObsolete(key)) obsolete.push({ ...stray, near: null });
    else unknown.push({ ...stray, near: guess(written, group, name, stores, loginSections) });
  }
  return { unknown, obsolete };
}

/** Returns the probable meaning of a key: a similar name in its group, the same option of another group, another group. */
function guess(
  written: string,
  group: string,
  name: string,
  stores: ReadonlySet<string>,
  loginSections: readonly (string | null)[],
): string | null {
  const regular = Object.hasOwn(OPTIONS, group);
  const store = stores.has(group);
  if (!regular && !store) {
    const groups = [...Object.keys(OPTIONS), ...stores, ...loginSections.filter((each) => each !== null)];
    const meant = nearest(written, groups);
    return meant === null ? null : `the section [${meant}]`;
  }
  const names = [
    ...(regular ? Object.keys(OPTIONS[group as keyof typeof OPTIONS]) : []),
    ...(store ? Object.keys(STORE_OPTIONS) : []),
  ];
  const meant = nearest(name, names);
  if (meant !== null) return meant;
  const elsewhere = Object.keys(OPTIONS).filter((each) => findOption(each, name)?.acts);
  return elsewhere.length === 1 ? `${name} of the section [${elsewhere[0]}]` : null;
}

/** Returns the known name that a typing error may have changed: by no letter in a short name, by one, or by two. */
function nearest(written: string, names: Iterable<string>): string | null {
  return closest(written.toLowerCase(), names, written.length < 3 ? 0 : written.length < 6 ? 1 : 2);
}

function collectAliases(): Set<string> {
  const result = new Set<string>();
  for (const [group, table] of Object.entries(OPTIONS)) add(result, group, table);
  add(result, "*", STORE_OPTIONS);
  return result;
}

function add(result: Set<string>, group: string, table: Readonly<Record<string, Option<unknown>>>): void {
  for (const option of Object.values(table)) {
    for (const alias of option.aliases) result.add(splitKey(alias, group).join("."));
  }
}
