import { fail } from "../errors.ts";
import type { Option } from "./option.ts";
import { findOption, findStoreOption, RESERVED_STORES } from "./options.ts";
import { refuse, ValueError } from "./value_error.ts";
import type { Texts, TextSource } from "./value_texts.ts";

/** An option's value and where it came from. */
export interface Resolved {
  readonly value: unknown;
  readonly texts: Texts | null;
}

/** Turns texts into values; handles plugin sections, fallbacks of stores, and references between options. */
export class Resolver {
  readonly #source: TextSource;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** Options that are being resolved, to detect a value that refers to itself. */
  readonly #open = new Set<string>();
  /** Sections that are stores. */
  readonly #stores = new Set<string>(["glance_store", "backend_defaults", ...Object.keys(RESERVED_STORES)]);

  constructor(source: TextSource, env: Readonly<Record<string, string | undefined>>) {
    this.#source = source;
    this.#env = env;
  }

  /** Registers `id` as a section of store options. */
  addStore(id: string): void {
    this.#stores.add(id);
  }

  get stores(): ReadonlySet<string> {
    return this.#stores;
  }

  isStore(group: string): boolean {
    return this.#stores.has(group);
  }

  /** @throws GlanceError `config` that names file, line, option and what was expected. */
  resolve(group: string, name: string, option: Option<unknown>): Resolved {
    const texts = this.#find(group, name, option);
    try {
      const found = texts === null
        ? this.#fallback(group, name, option)
        : this.#expand(group, name, texts.texts);
      return { value: found === null ? option.default : option.read(found) ?? option.default, texts };
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      fail("config", explain(group, name, option, texts, error.message));
    }
  }

  #find(group: string, name: string, option: Option<unknown>): Texts | null {
    let section = group;
    if (option.plugin) {
      const named = this.#source.find(group, "auth_section", []);
      if (named !== null && named.texts.at(-1) !== "") section = named.texts.at(-1)!;
    }
    const own = this.#source.findTop(group, name) ?? this.#source.find(section, name, option.aliases);
    const falls = own === null && this.isStore(group) && !this.#ownRules(group);
    return falls ? this.#source.find("backend_defaults", name, option.aliases) : own;
  }

  /** `[backend_defaults]` does not apply to the service's own stores and the single-store mode. */
  #ownRules(group: string): boolean {
    return group === "glance_store" || Object.hasOwn(RESERVED_STORES, group);
  }

  /** Returns the texts of a default that is not in the table. */
  #fallback(group: string, name: string, option: Option<unknown>): string[] | null {
    if (name === "filesystem_store_datadir" && Object.hasOwn(RESERVED_STORES, group)) {
      return [RESERVED_STORES[group]!];
    }
    const variable = option.env === null ? undefined : this.#env[option.env];
    return variable === undefined ? null : [variable];
  }

  #expand(group: string, name: string, texts: readonly string[]): string[] {
    const key = `${group}.${name}`;
    if (this.#open.has(key)) refuse("the value refers to itself");
    this.#open.add(key);
    try {
      return texts.map((text) => interpolate(text, (reference) => this.#reference(group, reference)));
    } finally {
      this.#open.delete(key);
    }
  }

  /** `name` in the same group, then in `[DEFAULT]`; `group.name` in that group. */
  #reference(group: string, reference: string): string {
    const cut = reference.indexOf(".");
    const places: [string, string][] = cut < 0
      ? [[group, reference], ["DEFAULT", reference]]
      : [[reference.slice(0, cut), reference.slice(cut + 1)]];
    for (const [place, name] of places) {
      const option = findOption(place, name) ?? (this.isStore(place) ? findStoreOption(name) : undefined);
      if (option !== undefined) return this.#text(place, name, option);
    }
    const [[section, wanted]] = places as [[string, string]];
    refuse(`no such option ${wanted} in group [${section}]; write $$ for a plain $`);
  }

  #text(group: string, name: string, option: Option<unknown>): string {
    const texts = this.#find(group, name, option);
    const found = texts === null
      ? this.#fallback(group, name, option)
      : this.#expand(group, name, texts.texts);
    const value = found === null ? option.default : option.read(found) ?? option.default;
    return asText(value);
  }
}

// `$$`, `${name}` or `$name`; a name may hold dots, and a `$` before anything else is only a `$`.
const REFERENCE = /\$(?:(\$)|\{([a-z_][a-z0-9_.]*)\}|([a-z_][a-z0-9_.]*))/gi;

/** Replaces `$name`, `${name}` and `$group.name` by what `lookup` returns for the name (docs/reference/configuration.md §1.1). */
function interpolate(text: string, lookup: (name: string) => string): string {
  if (!text.includes("$")) return text;
  return text.replaceAll("\\$", "$$$$").replace(
    REFERENCE,
    (_all, dollar: string | undefined, braced: string | undefined, bare: string | undefined) =>
      dollar ?? lookup((braced ?? bare)!),
  );
}

/** Returns the text of a value for another option that refers to it. */
export function asText(value: unknown): string {
  if (value === null) return "";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return value.join(",");
  if (value instanceof Map) return [...value].map(([key, each]) => `${key}:${each}`).join(",");
  return String(value);
}

function explain(
  group: string,
  name: string,
  option: Option<unknown>,
  texts: Texts | null,
  reason: string,
): string {
  const where = texts === null ? "" : `${texts.source}: `;
  if (!option.secret) return `${where}[${group}] ${name} = ${texts?.texts.at(-1) ?? ""}: ${reason}`;
  // The reason may quote a part of the value.
  const safe = reason.startsWith("no such option")
    ? "a $ must be written $$ unless it refers to an option"
    : reason;
  return `${where}[${group}] ${name}: ${safe}`;
}
