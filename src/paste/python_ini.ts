/** Parses the INI dialect of Python's configparser, for paste files (docs/reference/configuration.md §4). */
import { dirname } from "node:path";
import { fail } from "../errors.ts";

/** A value of a paste file and its line, counted from 1. */
export interface PasteValue {
  readonly value: string;
  readonly line: number;
}

/** A section with its own keys; those of `[DEFAULT]` are not among them. */
export interface PasteSection {
  readonly name: string;
  readonly line: number;
  readonly values: ReadonlyMap<string, PasteValue>;
}

/** The sections of a file by their names as written, and `[DEFAULT]`. */
export interface PasteSections {
  readonly sections: ReadonlyMap<string, PasteSection>;
  readonly defaults: ReadonlyMap<string, PasteValue>;
}

interface Open {
  section: { name: string; line: number; values: Map<string, { value: string; line: number }> };
  key: string | null;
}

/** Depth of nested `%(name)s`, as in configparser. */
const DEPTH = 10;

/**
 * Reads a file: keys keep their case, a deeper indentation continues a value, comments have lines of their own, quotes
 * belong to the value, `%(name)s` is replaced.
 * @throws GlanceError `config` with `file:line`
 */
export function parsePythonIni(text: string, file: string): PasteSections {
  const refuse = (line: number, reason: string): never => fail("config", `${file}:${line}: ${reason}`);
  const defaults: Open["section"] = { name: "DEFAULT", line: 0, values: new Map() };
  const sections = new Map<string, Open["section"]>();
  let open: Open | null = null;
  let depth = 0;
  for (const [index, raw] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const line = index + 1;
    const stripped = raw.trim();
    if (stripped === "" || /^[#;]/.test(stripped)) continue;
    const indent = raw.length - raw.trimStart().length;
    if (open?.key != null && indent > depth) {
      const known = open.section.values.get(open.key)!;
      known.value = `${known.value}\n${stripped}`;
      continue;
    }
    depth = indent;
    const header = /^\[(.+)\]/.exec(stripped)?.[1];
    if (header !== undefined) {
      const known = sections.get(header);
      if (known) refuse(line, `the section [${header}] is already in line ${known.line}`);
      const section = header === "DEFAULT" ? defaults : { name: header, line, values: new Map() };
      if (section !== defaults) sections.set(header, section);
      open = { section, key: null };
      continue;
    }
    const pair = /^(.*?)\s*[=:](.*)$/.exec(stripped);
    if (open === null) return refuse(line, "expected a [section] before the first key");
    if (pair === null || pair[1] === "") return refuse(line, "expected [section] or `key = value`");
    open.key = pair[1]!;
    if (open.section.values.has(open.key)) {
      refuse(line, `"${open.key}" is already in the section [${open.section.name}]`);
    }
    open.section.values.set(open.key, { value: pair[2]!.trim(), line });
  }
  const builtIn = new Map([["here", dirname(file)], ["__file__", file]]);
  const expanded = (section: Open["section"]) =>
    new Map([...section.values].map(([key, { value, line }]) => {
      const look = (name: string) =>
        section.values.get(name)?.value ?? defaults.values.get(name)?.value ?? builtIn.get(name);
      const wrong = (reason: string) => refuse(line, `${key}: ${reason}`);
      return [key, { value: interpolate(value, look, wrong, DEPTH), line }];
    }));
  return {
    sections: new Map(
      [...sections.values()].map((each) => [each.name, { ...each, values: expanded(each) }]),
    ),
    defaults: expanded(defaults),
  };
}

function interpolate(
  text: string,
  look: (name: string) => string | undefined,
  refuse: (reason: string) => never,
  depth: number,
): string {
  if (depth === 0) refuse("the value refers to itself");
  return text.replaceAll(/%(?:%|\(([^)]*)\)s|)/g, (all, name: string | undefined) => {
    if (all === "%%") return "%";
    if (name === undefined) return refuse("a % must be written %% unless it refers to a key, as in %(here)s");
    const found = look(name);
    return found === undefined
      ? refuse(`there is no key "${name}"`)
      : interpolate(found, look, refuse, depth - 1);
  });
}
