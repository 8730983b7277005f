import type { IniEntry } from "./ini.ts";

/** The texts that were given for an option, and where. */
export interface Texts {
  /** In order, at least one; an option that is not multi-valued takes the last. */
  readonly texts: readonly string[];
  /** `command line`, `environment` or `file:line`. */
  readonly source: string;
  /** The old name it was given under, `group.name`. */
  readonly alias: string | null;
  readonly entry: IniEntry | null;
}

/**
 * Where texts are looked up: paste file, command line, environment, files, in this order (docs/reference/configuration.md §1.3,
 * §4).
 */
export class TextSource {
  readonly #overrides: Readonly<Record<string, string>>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** By `group.name` as written, and by the same with the group in lower case. */
  readonly #exact = new Map<string, IniEntry[]>();
  readonly #lower = new Map<string, IniEntry[]>();
  /** By `group.name`. */
  readonly #top: ReadonlyMap<string, IniEntry>;

  constructor(
    entries: readonly IniEntry[],
    env: Readonly<Record<string, string | undefined>>,
    overrides: Readonly<Record<string, string>>,
    top: readonly IniEntry[],
  ) {
    this.#top = new Map(top.map((entry) => [`${entry.group}.${entry.name}`, entry]));
    this.#overrides = overrides;
    this.#env = env;
    for (const entry of entries) {
      append(this.#exact, `${entry.group}.${entry.name}`, entry);
      if (entry.group !== "DEFAULT") append(this.#lower, `${entry.group.toLowerCase()}.${entry.name}`, entry);
    }
  }

  /** The texts of an option; null when none is given. Old names count only when the new one is not given. */
  find(group: string, name: string, aliases: readonly string[]): Texts | null {
    const key = `${group}.${name}`;
    const above = this.findTop(group, name);
    if (above !== null) return above;
    const override = this.#overrides[key];
    if (override !== undefined) {
      return { texts: [override], source: "command line", alias: null, entry: null };
    }
    const variable = this.#env[`OS_${group.toUpperCase()}__${name.toUpperCase()}`];
    if (variable !== undefined) return { texts: [variable], source: "environment", alias: null, entry: null };
    const found = this.#inFiles(group, name);
    if (found !== null) return fromEntries(found, null);
    for (const alias of aliases) {
      const [oldGroup, oldName] = splitKey(alias, group);
      const old = this.#inFiles(oldGroup, oldName);
      if (old !== null) return fromEntries(old, `${oldGroup}.${oldName}`);
    }
    return null;
  }

  /** The text that overrides all others, whatever section the option comes from otherwise. */
  findTop(group: string, name: string): Texts | null {
    const entry = this.#top.get(`${group}.${name}`);
    return entry === undefined ? null : fromEntries([entry], null);
  }

  #inFiles(group: string, name: string): IniEntry[] | null {
    const lower = group === "DEFAULT" ? undefined : this.#lower.get(`${group.toLowerCase()}.${name}`);
    return this.#exact.get(`${group}.${name}`) ?? lower ?? null;
  }
}

/** `group.name` in two; without a dot the group is `group`. */
export function splitKey(key: string, group: string): [string, string] {
  const cut = key.indexOf(".");
  return cut < 0 ? [group, key] : [key.slice(0, cut), key.slice(cut + 1)];
}

function fromEntries(entries: IniEntry[], alias: string | null): Texts {
  const last = entries.at(-1)!;
  return {
    texts: entries.map((each) => each.value),
    source: `${last.file}:${last.line}`,
    alias,
    entry: last,
  };
}

function append(map: Map<string, IniEntry[]>, key: string, entry: IniEntry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
