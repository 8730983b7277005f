/** Suggestions for misspelled names. */

/**
 * The known name nearest to `word`, or null: one that differs by a letter or two, or that has the word as one of its
 * parts (`--port`, `--bind-port`). Ignores leading dashes and case.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  const bare = (text: string) => text.replace(/^-+/, "").toLowerCase();
  const wanted = bare(word);
  if (wanted === "") return null;
  return closest(wanted, known, wanted.length < 4 ? 1 : 2, bare) ??
    known.find((name) => bare(name).split(/[-_]/).includes(wanted)) ?? null;
}

/** ` Did you mean 'x'?`, to append to a refusal of the word; empty when no known name is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = nearest(word, known);
  return name === null ? "" : ` Did you mean '${name}'?`;
}

/**
 * The first of the names whose `form` has the fewest edits from `wanted`, at most `most`; null when none has. `wanted`
 * is in that form already; by default it is lower case.
 */
export function closest(
  wanted: string,
  names: Iterable<string>,
  most: number,
  form: (name: string) => string = (name) => name.toLowerCase(),
): string | null {
  let best: string | null = null;
  let least = most;
  for (const name of names) {
    const text = form(name);
    if (Math.abs(text.length - wanted.length) > least) continue;
    const distance = editDistance(wanted, text);
    if (distance > least || (distance === least && best !== null)) continue;
    best = name;
    least = distance;
  }
  return best;
}

/** Letters to insert, delete, replace, or swap with their neighbour, to turn one text into the other. */
function editDistance(a: string, b: string): number {
  let [before, last]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(row[j - 1]! + 1, last![j]! + 1, last![j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before![j - 2]! + 1);
    }
    [before, last] = [last!, row];
  }
  return last![b.length]!;
}
