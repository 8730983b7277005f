/** What somebody may have meant who wrote a name wrong. */

/**
 * The known name that is nearest to `word`, or null when none is near: one that differs by a letter or two, or that
 * has the word as one of its parts (`--port`, `--bind-port`). Leading dashes do not count.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  const bare = (text: string) => text.replace(/^-+/, "").toLowerCase();
  const wanted = bare(word);
  if (wanted === "") return null;
  let best: string | null = null;
  let least = wanted.length < 4 ? 1 : 2;
  for (const name of known) {
    const distance = editDistance(wanted, bare(name));
    if (distance > least || (distance === least && best !== null)) continue;
    best = name;
    least = distance;
  }
  return best ?? known.find((name) => bare(name).split(/[-_]/).includes(wanted)) ?? null;
}

/** ` Did you mean 'x'?`, to stand behind a sentence that refuses the word; nothing when no known name is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = nearest(word, known);
  return name === null ? "" : ` Did you mean '${name}'?`;
}

/** Letters to insert, delete, replace, or swap with their neighbour, to make one text of the other. */
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
