import { dirname } from "node:path";
import { isError } from "../errors.ts";
import * as files from "./config_files.ts";
import { type IniEntry, parseIni } from "./ini.ts";
import { listStrays, type Stray } from "./strays.ts";
import type { Option } from "./option.ts";
import {
  findStoreOption,
  type OptionKey,
  OPTIONS,
  type OptionValue,
  RESERVED_STORES,
  type StoreOptionName,
  type StoreOptionValue,
} from "./options.ts";
import { STORE_OPTIONS } from "./options_stores.ts";
import { asText, type Resolved, Resolver } from "./resolver.ts";
import { TextSource } from "./value_texts.ts";

/** What `loadConfig` needs. */
export interface LoadOptions {
  /**
   * Files and directories of the command line, in its order. Without a file, the program's default files are read
   * first; without a directory, its default directories.
   */
  readonly sources?: readonly files.ConfigSource[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Texts of the command line, by `GROUP.option`. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** `glance-api`, `glance-manage` and so on: determines the default files and the log file's name. */
  readonly prog: string;
  /** Replaces the usual search path; for tests. */
  readonly searchPath?: readonly string[];
  /** Entries that override the command line; see `Config.withTop`. */
  readonly top?: readonly IniEntry[];
}

/** The options of one store. */
export interface StoreConfig {
  /** Null in the single-store mode. */
  readonly id: string | null;
  get<N extends StoreOptionName>(name: N): StoreOptionValue<N>;
  isSet(name: StoreOptionName): boolean;
}

/** An option given under an old name. */
interface Deprecated {
  readonly file: string;
  readonly line: number;
  readonly old: string;
  readonly now: string;
}

/** The configuration of a program, read once; a reload creates a new one. */
export class Config {
  readonly prog: string;
  /** Files read, in order. */
  readonly files: readonly string[];
  /** Directories given with `--config-dir` or found by default. */
  readonly dirs: readonly string[];
  /** Keys in the files that match no option. */
  readonly unknown: readonly Stray[];
  /** Keys of other releases; they have no effect. */
  readonly obsolete: readonly Stray[];
  readonly deprecated: readonly Deprecated[];
  /** Wrong values of options without effect; the default replaces them. */
  readonly warnings: readonly string[];
  readonly #values = new Map<string, Resolved>();
  readonly #stores = new Map<string | null, StoreConfig>();
  readonly #resolver: Resolver;
  /** Where companion files are searched, in this order: the directories of the configuration, then the search path. */
  readonly lookIn: readonly string[];
  readonly #made: ConstructorParameters<typeof Config>;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(entries: readonly IniEntry[], paths: Pick<Config, "files" | "dirs">, given: LoadOptions) {
    this.#made = [entries, paths, given];
    this.prog = given.prog;
    this.files = paths.files;
    this.dirs = paths.dirs;
    this.#env = given.env ?? {};
    this.lookIn = [
      ...this.dirs,
      ...this.files.map((file) => dirname(file)).reverse(),
      ...(given.searchPath ?? files.defaultSearchPath(this.#env)),
    ];
    const source = new TextSource(entries, this.#env, given.overrides ?? {}, given.top ?? []);
    this.#resolver = new Resolver(source, this.#env);
    const enabled = this.#resolver.resolve("DEFAULT", "enabled_backends", OPTIONS.DEFAULT.enabled_backends);
    const ids = [
      ...(enabled.value as ReadonlyMap<string, string> | null ?? new Map<string, string>()).keys(),
    ];
    for (const id of ids) this.#resolver.addStore(id);

    const warnings: string[] = [];
    for (const [group, options] of Object.entries(OPTIONS)) {
      for (const [name, option] of Object.entries(options) as [string, Option<unknown>][]) {
        this.#values.set(`${group}.${name}`, this.#resolveOrWarn(group, name, option, warnings));
      }
    }
    this.#readStores(ids, warnings);
    this.warnings = warnings;
    this.deprecated = this.#listDeprecated();
    const sections = [this.get("keystone_authtoken.auth_section"), this.get("oslo_limit.auth_section")];
    const strays = listStrays(entries, this.#resolver.stores, sections);
    this.unknown = strays.unknown;
    this.obsolete = strays.obsolete;
  }

  /** Returns the value of an option, of the option's type; `null` when it is unset and has no default. */
  get<K extends OptionKey>(key: K): OptionValue<K> {
    return this.#values.get(key)!.value as OptionValue<K>;
  }

  /** Whether the operator has set the option. */
  isSet(key: OptionKey): boolean {
    return this.#values.get(key)!.texts !== null;
  }

  /** Returns where the value comes from: `command line`, `environment`, `file:line` or `default`. */
  source(key: OptionKey): string {
    return this.#values.get(key)!.texts?.source ?? "default";
  }

  /** Returns the options of store `id`, of a reserved store, or with null those of the single-store mode. */
  store(id: string | null): StoreConfig {
    const known = this.#stores.get(id);
    if (known !== undefined) return known;
    const made = this.#makeStore(id, []);
    this.#stores.set(id, made);
    return made;
  }

  /** Returns the same configuration with entries of a paste file, which override the command line. */
  withTop(top: readonly IniEntry[]): Config {
    const [entries, paths, given] = this.#made;
    return new Config(entries, paths, { ...given, top });
  }

  /**
   * Returns the path of a companion file or directory, from the directories of the configuration, then from the search
   * path; an absolute name is used as it is (docs/reference/configuration.md §1.4). Null when it does not exist.
   */
  findFile(name: string): string | null {
    return files.findFile(name, this.lookIn, this.#env);
  }

  /** Yields `[group, name, text]` of every option, secrets as `****`, for the list at start and for `doctor`. */
  *list(): Generator<[group: string, name: string, text: string]> {
    for (const [group, options] of Object.entries(OPTIONS)) {
      for (const [name, option] of Object.entries(options) as [string, Option<unknown>][]) {
        const value = this.#values.get(`${group}.${name}`)!.value;
        yield [group, name, option.secret && value !== null ? "****" : asText(value)];
      }
    }
    for (const [id, store] of this.#stores) {
      for (const name of Object.keys(STORE_OPTIONS) as StoreOptionName[]) {
        if (!store.isSet(name)) continue;
        yield [id ?? "glance_store", name, STORE_OPTIONS[name].secret ? "****" : asText(store.get(name))];
      }
    }
  }

  #resolveOrWarn(group: string, name: string, option: Option<unknown>, warnings: string[]): Resolved {
    try {
      return this.#resolver.resolve(group, name, option);
    } catch (error) {
      if (option.acts || !isError(error, "config")) throw error;
      warnings.push(error.message);
      return { value: option.default, texts: null };
    }
  }

  #readStores(ids: readonly string[], warnings: string[]): void {
    const wanted: (string | null)[] = ids.length === 0 ? [null] : [...ids, ...Object.keys(RESERVED_STORES)];
    for (const id of wanted) this.#stores.set(id, this.#makeStore(id, warnings));
  }

  #makeStore(id: string | null, warnings: string[]): StoreConfig {
    const group = id ?? "glance_store";
    this.#resolver.addStore(group);
    const values = new Map<string, Resolved>();
    for (const name of Object.keys(STORE_OPTIONS)) {
      values.set(name, this.#resolveOrWarn(group, name, findStoreOption(name)!, warnings));
    }
    return {
      id,
      get: (name) => values.get(name)!.value as StoreOptionValue<typeof name>,
      isSet: (name) => values.get(name)!.texts !== null,
    };
  }

  #listDeprecated(): Deprecated[] {
    const result: Deprecated[] = [];
    for (const [now, { texts }] of this.#values) {
      if (texts?.alias == null || texts.entry === null) continue;
      result.push({ file: texts.entry.file, line: texts.entry.line, old: texts.alias, now });
    }
    return result;
  }
}

/**
 * Reads the configuration of a program (docs/reference/configuration.md §1).
 * @throws GlanceError `config`: a file is missing or malformed, or an option that is used has a wrong value; the
 * message names file, line and what was expected.
 */
export function loadConfig(given: LoadOptions): Config {
  const env = given.env ?? {};
  const named = given.sources ?? [];
  const searchPath = given.searchPath ?? files.defaultSearchPath(env);
  // Named files replace only the default files, named directories only the default directories.
  const fallback = files.defaultSources(given.prog, env, searchPath)
    .filter(({ kind }) => named.every((each) => each.kind !== kind));
  const sources = [...fallback, ...named];
  const paths = files.listFiles(sources, env);
  const dirs = sources.filter((each) => each.kind === "dir").map((each) => files.expand(each.path, env));
  const entries = paths.flatMap((path) => parseIni(files.readText(path), path));
  return new Config(entries, { files: paths, dirs }, given);
}

/** Returns a configuration made of texts, for tests: `configFrom({ "DEFAULT.image_size_cap": "10" })`. */
export function configFrom(values: Record<string, string>, options: Partial<LoadOptions> = {}): Config {
  const entries = Object.entries(values).map(([key, value], index) => {
    const cut = key.indexOf(".");
    return { file: "test", line: index + 1, group: key.slice(0, cut), name: key.slice(cut + 1), value };
  });
  return new Config(entries, { files: [], dirs: [] }, { prog: "glance-api", searchPath: [], ...options });
}
