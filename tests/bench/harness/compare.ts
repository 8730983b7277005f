/** Two programs measured in turns, and how their figures are judged. */
import { readCpu } from "./process_cpu.ts";
import type { Spread } from "./measure.ts";
import type { Server } from "./server.ts";
import { spread, takeTurns } from "./statistics.ts";

/** Below this ratio a figure is short: what two runs of the same program may differ by. */
export const FLOOR = 0.97;

/** One sample of one program. */
export interface Sample {
  value: number;
  /** CPU seconds of the server. */
  cpu: number;
  /** What the CPU seconds were for: requests, GiB, starts. */
  work: number;
}

/** Ours and theirs in one unit. `ratio` is above 1 where ours is better: the median of the rounds, each taken by itself. */
export interface Pair {
  unit: string;
  ours: Spread;
  theirs: Spread;
  ratio: Spread;
}

export interface Comparison {
  name: string;
  wall: Pair;
  cpu: Pair | null;
}

/** What is compared: the rate of something, or what something takes. */
export interface Compared {
  name: string;
  unit: string;
  better: "more" | "less";
  /** Unit of the CPU time for one piece of work, and how many of it are a second; none where CPU says nothing. */
  cpu?: { unit: string; perSecond: number };
}

/**
 * Runs one way for each of the two programs, in turns, and compares their samples; the program that begins changes from
 * round to round.
 */
export async function compareInTurns(
  rounds: number,
  compared: Compared,
  ours: () => Promise<Sample>,
  theirs: () => Promise<Sample>,
): Promise<Comparison> {
  const samples = await sampleInTurns(rounds, ours, theirs);
  return compare(compared, samples.ours, samples.theirs);
}

/** The samples of an even number of rounds, at least `rounds`. */
export async function sampleInTurns<T>(
  rounds: number,
  ours: () => Promise<T>,
  theirs: () => Promise<T>,
): Promise<{ ours: T[]; theirs: T[] }> {
  const [first, second] = await takeTurns(Math.ceil(rounds / 2), [
    async () => ({ ours: await ours(), theirs: await theirs() }),
    async () => ({ theirs: await theirs(), ours: await ours() }),
  ]);
  const pairs = [...first!, ...second!];
  return { ours: pairs.map((pair) => pair.ours), theirs: pairs.map((pair) => pair.theirs) };
}

/** Compares samples of the same rounds. */
export function compare(
  { name, unit, better, cpu }: Compared,
  ours: readonly Sample[],
  theirs: readonly Sample[],
): Comparison {
  const value = (sample: Sample) => sample.value;
  const effort = (sample: Sample) => sample.cpu / sample.work * (cpu?.perSecond ?? 1);
  return {
    name,
    wall: pair(unit, better, ours.map(value), theirs.map(value)),
    cpu: cpu ? pair(cpu.unit, "less", ours.map(effort), theirs.map(effort)) : null,
  };
}

function pair(unit: string, better: "more" | "less", ours: number[], theirs: number[]): Pair {
  const ratios = ours.map((value, index) =>
    better === "more" ? value / theirs[index]! : theirs[index]! / value
  );
  return { unit, ours: spread(ours), theirs: spread(theirs), ratio: spread(ratios) };
}

/** Runs `work` on the server; `value` and `work` of the sample are what it gives. */
export async function sampleOf(
  server: Server,
  work: () => Promise<{ value: number; work: number }>,
): Promise<Sample> {
  const before = readCpu(server.child.pid);
  const { value, work: done } = await work();
  return { value, work: done, cpu: readCpu(server.child.pid) - before };
}

/** Whether ours is not worse than `FLOOR` allows. */
export function holds({ ratio }: Pair): boolean {
  return ratio.median >= FLOOR;
}
