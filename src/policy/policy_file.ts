/** Parses a policy file, YAML or JSON, to rules with their lines (docs/reference/policy.md §2). */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node as YamlNode, parseAllDocuments } from "yaml";
import type { Document } from "yaml";
import { fail } from "../errors.ts";
import type { ListRule } from "./parse.ts";
import type { Override } from "./rule_set.ts";

/** The rules of one file, in its order. */
interface PolicyFile {
  overrides: Map<string, Override>;
  warnings: string[];
}

/**
 * Parses a policy file; an empty file has no rules.
 * @throws GlanceError `config` with `file:line` when it is not a mapping of rule names to strings or lists.
 */
export function parsePolicyFile(text: string, file: string): PolicyFile {
  const lines = new LineCounter();
  const overrides = new Map<string, Override>();
  const warnings: string[] = [];
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line || 1;
  const refuse = (offset: number | undefined, reason: string): never =>
    fail("config", `${file}:${lineOf(offset)}: ${reason}`);

  // Existing files may repeat a key: the last one is used.
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: false, prettyErrors: false });
  if (!Array.isArray(documents)) return { overrides, warnings };
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) refuse(error.pos[0], `this is not YAML: ${error.message}`);
  }
  const [document, second] = documents as Document.Parsed[];
  if (second !== undefined) refuse(second.range[0], "a policy file is a single YAML document");
  const root = document?.contents;
  if (document === undefined || !root || (isScalar(root) && root.value === null)) {
    return { overrides, warnings };
  }
  if (!isMap(root)) return refuse(root.range?.[0], "a policy file is a mapping of rule names to rules");

  for (const { key, value } of root.items) {
    const start = (key as YamlNode | null)?.range?.[0];
    if (!isScalar(key) || key.value === null) return refuse(start, "the name of a rule is a string");
    const name = String(key.value);
    const line = lineOf(start);
    const earlier = overrides.get(name);
    if (earlier !== undefined) {
      warnings.push(
        `${file}:${line}: policy rule "${name}" is already defined in line ${earlier.origin.line}; this one is used`,
      );
      overrides.delete(name);
    }
    const rule = ruleValue(
      value as YamlNode | null,
      document,
      (reason) => refuse(start, `rule "${name}" ${reason}`),
    );
    overrides.set(name, { value: rule, origin: { file, line } });
  }
  return { overrides, warnings };
}

function ruleValue(
  given: YamlNode | null,
  document: Document.Parsed,
  refuse: (reason: string) => never,
): string | ListRule | null {
  const node = isAlias(given) ? given.resolve(document) : given;
  if (node === null || node === undefined) return null;
  // Unquoted, `!` is a YAML tag on nothing: the rule would be empty, which allows.
  if (node.tag === "!") refuse('is an unquoted !: write "!"');
  if (isScalar(node)) {
    if (node.value === null || typeof node.value === "string") return node.value;
    refuse(`is ${node.value}: expected a string or a list`);
  }
  if (!isSeq(node)) refuse("is a mapping: expected a string or a list");
  const list: unknown = node.toJS(document);
  return isListRule(list) ? list : refuse("is a list: expected strings or lists of strings in it");
}

function isListRule(value: unknown): value is ListRule {
  return Array.isArray(value) &&
    value.every((item) =>
      typeof item === "string" || (Array.isArray(item) && item.every((check) => typeof check === "string"))
    );
}
