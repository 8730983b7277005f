/** Which known name a mistyped one may mean. */

/**
 * The nearest of `names`: equal but for case, or few letters away, as many as a slip makes in a name of that length;
 * null when none is.
 */
export function nearest(written: string, names: Iterable<string>): string | null {
  const text = written.toLowerCase();
  let limit = text.length < 3 ? 0 : text.length < 6 ? 1 : 2;
  let best: string | null = null;
  for (const name of names) {
    const far = distance(text, name.toLowerCase(), limit);
    if (far > limit || (best !== null && far === limit)) continue;
    best = name;
    limit = far;
  }
  return best;
}

/** Letters to leave out, to put in, to replace, or to swap with the next one; more than `limit` is not counted on. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
