// Writes the table of rules in docs/policy.md from the default rules; with --check it only compares them (exit code 1
// when they differ).
import { DEFAULT_RULES, type DefaultRule } from "../src/policy/defaults.ts";

const BEGIN = "<!-- rules: begin -->\n";
const END = "<!-- rules: end -->";

const path = new URL("../docs/policy.md", import.meta.url);
const present = Deno.readTextFileSync(path);
const [before, rest] = split(present, BEGIN);
const [, after] = split(rest, END);
const wanted = before + BEGIN + table() + END + after;

if (!Deno.args.includes("--check")) Deno.writeTextFileSync(path, wanted);
else if (wanted !== present) {
  console.error("docs/policy.md is out of date: run tools/policy_docs.ts");
  Deno.exitCode = 1;
}

function split(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/policy.md lacks "${mark.trim()}"`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function table(): string {
  const head = "| Rule | Default | Scope | Calls | Deprecated default |\n|---|---|---|---|---|\n";
  return head + DEFAULT_RULES.map(row).join("");
}

function row({ name, expression, scope, operations, deprecated }: DefaultRule): string {
  const before = deprecated === undefined ? "" : `\`${deprecated.expression}\` until ${deprecated.since}`;
  return `| \`${name}\` | \`${expression || "@"}\` | ${scope ?? "any"} | ${operations} | ${before} |\n`;
}
