/**
 * Measures oneglance beside what the machine can do, both in the same run (docs/benchmarks.md).
 * Exit code: 0 all targets are met, 1 some targets are missed, 2 a measurement failed.
 */
import { parseArgs } from "node:util";
import { AGAINST } from "./against.ts";
import { measureChunked } from "./chunked.ts";
import { measureCreate } from "./create.ts";
import { measureDownload } from "./download.ts";
import { type Comparison, FLOOR, holds } from "./harness/compare.ts";
import { describeMachine } from "./harness/machine.ts";
import {
  type Bench,
  BenchTrouble,
  type Broken,
  isFigure,
  type Measure,
  type Result,
  verdictOf,
} from "./harness/measure.ts";
import { comparisonJson, comparisonText, jsonText, tableText } from "./harness/report.ts";
import { thisProgram, withRevision } from "./harness/revision.ts";
import { measureList } from "./list.ts";
import { measureListGrowth } from "./list_growth.ts";
import { measureMemory } from "./memory.ts";
import { PEER } from "./peer.ts";
import { measureShow } from "./show.ts";
import { measureStartTime } from "./start_time.ts";
import { measureUpload } from "./upload.ts";

const MEASURES: Record<string, Measure> = {
  start_time: measureStartTime,
  show: measureShow,
  list: measureList,
  create: measureCreate,
  upload: measureUpload,
  chunked: measureChunked,
  download: measureDownload,
  memory: measureMemory,
  list_scale: measureListGrowth,
};

const USAGE = `deno task bench [--only NAME]... [--quick] [--json] [--rounds N] [--seconds N] [--dir DIR]
deno task bench --peer [--db URL] [--only NAME]... [--quick] [--json] …
deno task bench --against REVISION [--executable] [--only NAME]... [--quick] [--json] …

  --only NAME   take only this measure: ${Object.keys(MEASURES).join(", ")}
  --quick       smaller sizes and two rounds: shows that all works, not how fast
  --json        print the figures as JSON
  --rounds N    turns of the measured thing and its limit (5)
  --seconds N   length of one load of requests (4)
  --dir DIR     folder on the disk to be measured (the temporary folder)
  --against R   measure beside revision R of this repository (or beside an executable), in turns;
                the measures are ${Object.keys(AGAINST).join(", ")}
  --executable  with --against: compile both with the Deno that runs this, instead of running the sources
  --peer        measure beside Debian's glance-api, in turns, both on one database; the measures are
                ${Object.keys(PEER).join(", ")}
  --db URL      make the databases on this MariaDB server, by a user that may (mysql://root@127.0.0.1:3306/);
                with --peer, and for list_scale

ONEGLANCE_BIN=PATH measures a compiled oneglance instead of the sources.`;

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw new BenchTrouble(`--${name} wants a whole number, not "${value}"`);
  }
  return number;
}

type Options = ReturnType<typeof readOptions>;

/** Beside what the machine allows, or beside glance-api. */
const measuresOf = (peer: boolean): Record<string, Measure> => peer ? PEER : MEASURES;

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      dir: { type: "string" },
      against: { type: "string" },
      executable: { type: "boolean", default: false },
      peer: { type: "boolean", default: false },
      db: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const measures = values.against !== undefined ? AGAINST : measuresOf(values.peer);
  for (const name of values.only) {
    if (!Object.hasOwn(measures, name)) throw new BenchTrouble(`no measure "${name}"\n\n${USAGE}`);
  }
  return values;
}

function troubleText(error: unknown): string {
  if (error instanceof BenchTrouble) return error.message;
  // An unexpected error: the stack shows its place.
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** Takes one measurement in its own folder. A failure is printed and becomes the result. */
async function takeMeasure<T>(
  name: string,
  bench: Bench,
  take: (bench: Bench) => Promise<T[]>,
): Promise<(T | Broken)[]> {
  const dir = `${bench.dir}/${name}`;
  await Deno.mkdir(dir);
  bench.say(`${name} …`);
  try {
    return await take({ ...bench, dir });
  } catch (error) {
    const broken = troubleText(error);
    bench.say(`${name}: trouble: ${broken}`);
    return [{ name, broken }];
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function takeMeasures(
  names: string[],
  measures: Record<string, Measure>,
  bench: Bench,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const name of names) results.push(...await takeMeasure(name, bench, measures[name]!));
  for (const result of results) {
    if ("skipped" in result) bench.say(`${result.name}: skipped, ${result.skipped}`);
  }
  return results;
}

/** Measures beside what the machine allows, or beside glance-api. */
async function measure(options: Options, bench: Bench): Promise<number> {
  const machine = describeMachine();
  say(machine);
  const measures = measuresOf(options.peer);
  const results = await takeMeasures(chosen(options.only, measures), measures, bench);
  console.log(options.json ? jsonText(results, machine) : tableText(results));
  const short = results.filter((result) => isFigure(result) && verdictOf(result) === "short");
  if (short.length > 0) {
    console.error(`short of their targets: ${short.map((result) => result.name).join(", ")}`);
  }
  if (results.some((result) => "broken" in result)) return 2;
  return short.length > 0 ? 1 : 0;
}

/** Measures beside another revision. */
async function measureAgainst(revision: string, options: Options, bench: Bench): Promise<number> {
  const ours = await thisProgram(options.executable);
  return await withRevision(revision, { dir: bench.dir, executable: options.executable }, async (other) => {
    const machine = { ...describeMachine(), server: ours.length === 1 ? "compiled" : "sources" };
    say(machine);
    const results: (Comparison | Broken)[] = [];
    for (const name of chosen(options.only, AGAINST)) {
      const take = (bench: Bench) => AGAINST[name]!(bench, { ours, theirs: other.program });
      results.push(...await takeMeasure(name, bench, take));
    }
    const comparisons = results.filter((result) => "wall" in result);
    console.log(
      options.json
        ? comparisonJson(comparisons, other.name, machine)
        : comparisonText(comparisons, other.name),
    );
    const short = comparisons.filter(({ wall, cpu }) => !holds(wall) || (cpu && !holds(cpu)));
    if (short.length > 0) console.error(`below ${FLOOR}: ${short.map(({ name }) => name).join(", ")}`);
    if (comparisons.length < results.length) return 2;
    return short.length > 0 ? 1 : 0;
  });
}

function say(machine: Record<string, string | number>): void {
  console.error(Object.entries(machine).map(([key, value]) => `${key}: ${value}`).join("\n"));
}

function chosen(only: string[], measures: Record<string, unknown>): string[] {
  return only.length > 0 ? [...new Set(only)] : Object.keys(measures);
}

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const dir = await Deno.makeTempDir({ dir: options.dir, prefix: "oneglance-bench-" });
  const bench: Bench = {
    dir,
    files: dir,
    quick: options.quick,
    rounds: wholeNumber("rounds", options.rounds ?? (options.quick ? "2" : "5")),
    seconds: wholeNumber("seconds", options.seconds ?? (options.quick ? "1" : "4")),
    connections: 16,
    server: options.db,
    // Standard output holds only the results.
    say: (line) => console.error(line),
  };
  try {
    return options.against === undefined
      ? await measure(options, bench)
      : await measureAgainst(options.against, options, bench);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(troubleText(error));
    Deno.exit(2);
  }
}
