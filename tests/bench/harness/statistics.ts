import { BenchTrouble, type Spread } from "./measure.ts";

/** Median, smallest and largest of some samples; throws BenchTrouble when there are none. */
export function spread(samples: number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined || sorted.some((n) => !Number.isFinite(n))) {
    throw new BenchTrouble(`no usable samples: [${samples.join(", ")}]`);
  }
  return { median: (low + high) / 2, min: sorted[0]!, max: sorted.at(-1)! };
}

/**
 * Runs the ways in turns, A B A B …, so that whatever else the machine does falls on all of them alike.
 * Gives the samples of each way, in the order of `ways`.
 */
export async function takeTurns<T>(rounds: number, ways: (() => Promise<T>)[]): Promise<T[][]> {
  const samples: T[][] = ways.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, way] of ways.entries()) samples[index]!.push(await way());
  }
  return samples;
}
