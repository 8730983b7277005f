import * as types from "./types.ts";

/** One option of the table; `T` is the type that `config.get` returns. */
export interface Option<T> {
  /** Name of the type in the documentation. */
  readonly type: string;
  readonly default: T;
  readonly help: string;
  /** Shown as `****` wherever values are listed, and never quoted in an error. */
  readonly secret: boolean;
  /** Whether oneglance acts on it; otherwise it is only accepted, and a wrong value does not stop the start. */
  readonly acts: boolean;
  /** Old names: `name` in the same group or `group.name`. */
  readonly aliases: readonly string[];
  /** Each occurrence of the key is a separate value. */
  readonly multi: boolean;
  /** Is read from the section that `auth_section` names, if that is set. */
  readonly plugin: boolean;
  /** Environment variable that holds the default. */
  readonly env: string | null;
  /** Turns the texts of all occurrences into the value; null when they mean "unset". @throws ValueError */
  readonly read: (texts: readonly string[]) => T | null;
}

/** The arguments of every builder. */
interface Common {
  readonly help: string;
  readonly secret?: boolean;
  /** Default true. */
  readonly acts?: boolean;
  readonly aliases?: readonly string[];
  readonly plugin?: boolean;
  readonly env?: string;
}

type Parse<T> = (text: string) => T | null;

function make<T>(type: string, given: Common, fallback: T, parse: Parse<T>): Option<T> {
  return {
    type,
    default: fallback,
    help: given.help,
    secret: given.secret ?? false,
    acts: given.acts ?? true,
    aliases: given.aliases ?? [],
    multi: false,
    plugin: given.plugin ?? false,
    env: given.env ?? null,
    read: (texts) => parse(texts.at(-1)!),
  };
}

export function bool(given: Common & { default: boolean }): Option<boolean> {
  return make("boolean", given, given.default, types.parseBool);
}

export function int(given: Common & types.Range & { default: number }): Option<number>;
export function int(given: Common & types.Range): Option<number | null>;
export function int(given: Common & types.Range & { default?: number }): Option<number | null> {
  const type = `integer${types.rangeText(given)}`;
  return make<number | null>(type, given, given.default ?? null, (text) => types.parseInteger(text, given));
}

export function float(given: Common & types.Range & { default: number }): Option<number>;
export function float(given: Common & types.Range): Option<number | null>;
export function float(given: Common & types.Range & { default?: number }): Option<number | null> {
  const type = `number${types.rangeText(given)}`;
  return make<number | null>(type, given, given.default ?? null, (text) => types.parseFloatText(text, given));
}

/** A port number, 0 to 65535. */
export function port(given: Common & { default: number }): Option<number>;
export function port(given: Common): Option<number | null>;
export function port(given: Common & { default?: number }): Option<number | null> {
  const parse = (text: string) => types.parseInteger(text, { min: 0, max: 65535 });
  return make<number | null>("port", given, given.default ?? null, parse);
}

/** A file mode in octal digits. */
export function octal(given: Common & { default: number }): Option<number> {
  return make("octal file mode", given, given.default, types.parseOctal);
}

/** Any text. For an option without a default the empty text means unset, as in upstream's code. */
export function str(given: Common & { default: string }): Option<string>;
export function str(given: Common): Option<string | null>;
export function str(given: Common & { default?: string }): Option<string | null> {
  const parse = given.default === undefined ? emptyIsUnset : (text: string) => text;
  return make<string | null>("string", given, given.default ?? null, parse);
}

function emptyIsUnset(text: string): string | null {
  return text === "" ? null : text;
}

/** One of several words. */
export function choice<const C extends string>(
  given: Common & { choices: readonly C[]; default: NoInfer<C>; ignoreCase?: boolean },
): Option<C>;
export function choice<const C extends string>(
  given: Common & { choices: readonly C[]; ignoreCase?: boolean },
): Option<C | null>;
export function choice(
  given: Common & { choices: readonly string[]; default?: string; ignoreCase?: boolean },
): Option<string | null> {
  const type = `one of ${given.choices.map((each) => `\`${each}\``).join(", ")}`;
  const parse = (text: string) => {
    if (text === "" && given.default === undefined && !given.choices.includes("")) return null;
    return types.parseChoice(text, given.choices, given.ignoreCase ?? false);
  };
  return make<string | null>(type, given, given.default ?? null, parse);
}

export function host(given: Common & { default: string }): Option<string>;
export function host(given: Common): Option<string | null>;
export function host(given: Common & { default?: string }): Option<string | null> {
  return make<string | null>("host address", given, given.default ?? null, types.parseHost);
}

export function uri(given: Common & { default: string }): Option<string>;
export function uri(given: Common): Option<string | null>;
export function uri(given: Common & { default?: string }): Option<string | null> {
  const parse = (text: string) => emptyIsUnset(types.parseUri(text));
  return make<string | null>("URI", given, given.default ?? null, parse);
}

/** `a,b,c`. */
export function list(given: Common & { default: readonly string[] }): Option<readonly string[]> {
  return make<readonly string[]>("list", given, given.default, types.parseList);
}

/** `[a,b,c]`, brackets required. */
export function boundedList(
  given: Common & { default: readonly string[]; quotes?: boolean; item?: (text: string) => string },
): Option<readonly string[]> {
  const item = given.item ?? ((text: string) => text);
  const parse = (text: string) => types.parseBoundedList(text, given.quotes ?? false).map(item);
  return make<readonly string[]>("list in brackets", given, given.default, parse);
}

/** `[80,443]`, brackets required, each 1 to 65535. */
export function boundedPorts(given: Common & { default: readonly number[] }): Option<readonly number[]> {
  const range = { min: 1, max: 65535 };
  const item = (text: string) => types.parseInteger(text === "" ? "?" : text, range)!;
  const parse = (text: string) => types.parseBoundedList(text, false).map(item);
  return make<readonly number[]>("list of ports in brackets", given, given.default, parse);
}

/** `name:value,name:value`, order kept; the empty text is unset. */
export function dict(given: Common): Option<ReadonlyMap<string, string> | null> {
  const parse = (text: string) => {
    const pairs = types.parseDict(text);
    return pairs.size === 0 ? null : pairs;
  };
  return make<ReadonlyMap<string, string> | null>("name:value pairs", given, null, parse);
}

/** A key that may be repeated, once per value. */
export function multi(given: Common & { default: readonly string[] }): Option<readonly string[]> {
  return {
    ...make<readonly string[]>("string, repeatable", given, given.default, () => null),
    multi: true,
    read: (texts) => texts,
  };
}

/** Returns the same options without effect, for a driver that oneglance does not have. */
export function accepted<T extends Record<string, Option<unknown>>>(table: T): T {
  const entries = Object.entries(table).map(([name, option]) => [name, { ...option, acts: false }]);
  return Object.fromEntries(entries) as T;
}
