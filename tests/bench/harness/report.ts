import { type Comparison, holds, type Pair } from "./compare.ts";
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

/** The results as a table in Markdown. */
export function tableText(results: Result[]): string {
  const notes = results.flatMap((r) => isFigure(r) && r.note ? [`${r.name}: ${r.note}`] : []);
  return [...markdown([HEAD, ...results.map(row)]), "", ...notes].join("\n");
}

/** The lines of a table, each column as wide as its widest cell. */
function markdown(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines;
}

/** Comparisons as a table in Markdown: a line for the figure, and one for the CPU time that it cost. */
export function comparisonText(comparisons: Comparison[], theirs: string): string {
  const line = (name: string, { unit, ...pair }: Pair, verdict: string) => {
    const { median, min, max } = pair.ratio;
    const ratio = `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
    return [name, spreadText(pair.ours, unit), spreadText(pair.theirs, unit), ratio, verdict];
  };
  const rows = comparisons.flatMap(({ name, wall, cpu }) => [
    line(name, wall, verdict(wall)),
    ...(cpu ? [line(`${name}, CPU`, cpu, verdict(cpu))] : []),
  ]);
  return markdown([["figure", "this", theirs, "ratio", ""], ...rows]).join("\n");
}

function verdict(pair: Pair): string {
  return holds(pair) ? "ok" : "short";
}

/** Comparisons for a program. */
export function comparisonJson(
  comparisons: Comparison[],
  theirs: string,
  machine: Record<string, unknown>,
): string {
  return JSON.stringify({ machine, against: theirs, comparisons }, null, 2);
}

/** The results with ratio and verdict worked out, for a program. */
export function jsonText(results: Result[], machine: Record<string, unknown>): string {
  const figures = results.map((result) =>
    isFigure(result) ? { ...result, ratio: ratioOf(result), verdict: verdictOf(result) } : result
  );
  return JSON.stringify({ machine, figures }, null, 2);
}
