import { fail } from "../errors.ts";

/** One `key = value` of a file, with its position. */
export interface IniEntry {
  readonly file: string;
  /** 1-based line of the key. */
  readonly line: number;
  /** Section as in the file. */
  readonly group: string;
  readonly name: string;
  /** Value with continuation lines joined by `\n` and one pair of quotes removed. */
  readonly value: string;
}

/**
 * Reads the oslo.config dialect of INI (docs/reference/configuration.md §1). Entries come in file order; a repeated key
 * gives several entries.
 * @throws GlanceError `config`, with file, line and what was expected there.
 */
export function parseIni(text: string, file: string): IniEntry[] {
  const entries: IniEntry[] = [];
  let group: string | null = null;
  let open: { line: number; name: string; pieces: string[] } | null = null;

  function close(): void {
    if (open === null) return;
    const value = unquote(open.pieces.join("\n"));
    entries.push({ file, line: open.line, group: group!, name: open.name, value });
    open = null;
  }

  const lines = text.replace(/^\uFEFF/, "").split("\n");
  for (let index = 0; index < lines.length; index++) {
    const raw = lines[index]!;
    const line = index + 1;
    const stripped = raw.trim();
    if (stripped === "" || raw[0] === "#" || raw[0] === ";") {
      close();
    } else if (raw[0] === " " || raw[0] === "\t") {
      if (open === null) {
        refuse(file, line, "an indented line continues a value, but no key is open before it");
      } else (open as { pieces: string[] }).pieces.push(stripped);
    } else if (raw[0] === "[") {
      close();
      group = sectionName(stripped, file, line);
    } else {
      close();
      const [name, value] = keyAndValue(raw, file, line);
      if (group === null) refuse(file, line, `expected a [section] before the first key, found "${name}"`);
      open = { line, name, pieces: [value] };
    }
  }
  close();
  return entries;
}

function sectionName(line: string, file: string, at: number): string {
  if (!line.endsWith("]")) refuse(file, at, "expected ] at the end of the section's name");
  const name = line.slice(1, -1);
  if (name.trim() === "") refuse(file, at, "expected a name between [ and ]");
  return name;
}

function keyAndValue(raw: string, file: string, at: number): [string, string] {
  const cut = raw.search(/[=:]/);
  if (cut < 0) refuse(file, at, "expected `key = value` or `key: value`, found no = or :");
  const name = raw.slice(0, cut).trim();
  if (name === "") refuse(file, at, "expected the name of an option before the separator");
  return [name, raw.slice(cut + 1).trim()];
}

function unquote(value: string): string {
  const first = value[0];
  const quoted = value.length > 1 && (first === '"' || first === "'") && value.endsWith(first);
  return quoted ? value.slice(1, -1) : value;
}

function refuse(file: string, line: number, expected: string): never {
  fail("config", `${file}:${line}: ${expected}`);
}
