import { type Figure, isFigure, ratioOf, type Result, type Spread, verdictOf } from "./measure.ts";

const HEAD = ["figure", "ours", "limit", "ratio", "target", ""];

function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function spreadText(spread: Spread, unit: string): string {
  return `${number(spread.median)} ${unit} (${number(spread.min)} to ${number(spread.max)})`;
}

function targetText({ target, unit }: Figure): string {
  if (!target) return "";
  if (target.of === "ratio") return `ratio ${target.op} ${target.value}`;
  return `${target.op} ${target.value} ${unit}`;
}

function row(result: Result): string[] {
  if ("skipped" in result) return [result.name, `skipped: ${result.skipped}`, "", "", "", "skipped"];
  if ("broken" in result) return [result.name, "see above", "", "", "", "trouble"];
  const ratio = ratioOf(result);
  return [
    result.name,
    spreadText(result.ours, result.unit),
    result.limit ? `${spreadText(result.limit, result.unit)} ${result.limit.name}` : "",
    ratio === null ? "" : ratio.toFixed(2),
    targetText(result),
    verdictOf(result) ?? "",
  ];
}

/** The results as a table in Markdown, each column as wide as its widest cell. */
export function tableText(results: Result[]): string {
  const rows = [HEAD, ...results.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  const notes = results.flatMap((r) => isFigure(r) && r.note ? [`${r.name}: ${r.note}`] : []);
  return [...lines, "", ...notes].join("\n");
}

/** The results with ratio and verdict worked out, for a program. */
export function jsonText(results: Result[], machine: Record<string, unknown>): string {
  const figures = results.map((result) =>
    isFigure(result) ? { ...result, ratio: ratioOf(result), verdict: verdictOf(result) } : result
  );
  return JSON.stringify({ machine, figures }, null, 2);
}
