/** What a measure is given, what it hands back, and how a figure is judged. */

/** Something that stops a measure itself; the others go on, and the exit code is 2. */
export class BenchTrouble extends Error {}

export interface Bench {
  /** The measure's own folder on the disk that is measured; removed after it. */
  dir: string;
  /** Folder on the same disk for files that several measures send. */
  files: string;
  /** Smaller sizes and shorter loads, to see that everything works. */
  quick: boolean;
  /** How often the measured thing and its limit take turns. */
  rounds: number;
  /** How long one load of requests lasts. */
  seconds: number;
  /** Connections that ask at the same time. */
  connections: number;
  /** URL of the MariaDB server on which databases are made; without one they are files. */
  server?: string;
  /** A line about what goes on, for the person who waits. */
  say(line: string): void;
}

export interface Target {
  /** `ours` is the median, `worst` the largest sample (for what must never be passed). */
  of: "ratio" | "ours" | "worst";
  op: "≥" | "≤" | "<";
  value: number;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface Figure {
  name: string;
  unit: string;
  ours: Spread;
  /** What ours stands beside, measured in the same run; `ratio` is ours / limit, of the medians. */
  limit?: Spread & { name: string };
  target?: Target;
  note?: string;
}

/** A measure that could not be taken because the machine lacks something. */
export interface Skipped {
  name: string;
  skipped: string;
}

/** A measure that broke off, and why. */
export interface Broken {
  name: string;
  broken: string;
}

export type Result = Figure | Skipped | Broken;
export type Measure = (bench: Bench) => Promise<Result[]>;

/** Whether a result has figures. */
export function isFigure(result: Result): result is Figure {
  return "ours" in result;
}

/** ours / limit of the medians; null without a limit. */
export function ratioOf(figure: Figure): number | null {
  return figure.limit ? figure.ours.median / figure.limit.median : null;
}

/** Whether the figure meets its target; null when it has none. */
export function verdictOf(figure: Figure): "ok" | "short" | null {
  const { target } = figure;
  if (!target) return null;
  const value = { ratio: ratioOf(figure), ours: figure.ours.median, worst: figure.ours.max }[target.of];
  if (value === null) throw new BenchTrouble(`${figure.name} has a target for a ratio and no limit`);
  const met = { "≥": value >= target.value, "≤": value <= target.value, "<": value < target.value };
  return met[target.op] ? "ok" : "short";
}
