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
}

let aliases: ReadonlySet<string> | null = null;

/** Sorts the keys that no option has into unknown ones and those of other releases. */
export function listStrays(
  entries: readonly IniEntry[],
  isStore: (group: string) => boolean,
  loginSections: readonly (string | null)[],
): { unknown: Stray[]; obsolete: Stray[] } {
  const unknown: Stray[] = [];
  const obsolete: Stray[] = [];
  aliases ??= collectAliases();
  for (const { file, line, group: written, name } of entries) {
    const group = written === "DEFAULT" || isStore(written) ? written : written.toLowerCase();
    const key = `${group}.${name}`;
    const known = findOption(group, name) !== undefined || aliases.has(key) ||
      (isStore(group) && (findStoreOption(name) !== undefined || aliases.has(`*.${name}`))) ||
      (loginSections.includes(written) && Object.hasOwn(LOGIN_OPTIONS, name));
    if (!known) (isObsolete(key) ? obsolete : unknown).push({ file, line, group: written, name });
  }
  return { unknown, obsolete };
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
