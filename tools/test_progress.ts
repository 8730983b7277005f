/** Follows the progress of `deno test --parallel` from the lines that it prints. */

/** `./tests/x.test.ts => name ... ok (3ms)`, also of a step; without colours. */
const RESULT = /^(\.{1,2}\/\S+) =>\s?(.*) \.\.\. (ok|ignored|FAILED)\b/;
/** The line before the results when the run has only one file. */
const RUNNING = /^running \d+ tests? from (\.{1,2}\/\S+)$/;
// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[[\d;]*m/g;

export class TestProgress {
  readonly #total: number;
  readonly #say: (line: string) => void;
  readonly #started = performance.now();
  readonly #files = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** @param total the number of test files; `say` prints a line. */
  constructor(total: number, say: (line: string) => void) {
    this.#total = total;
    this.#say = say;
  }

  /** Takes a line of deno's report. */
  take(line: string): void {
    const plain = line.replaceAll(COLOURS, "");
    const [, file, name, result] = RESULT.exec(plain) ?? [];
    const begun = file ?? RUNNING.exec(plain)?.[1];
    if (begun !== undefined && !this.#files.has(begun)) {
      this.#files.add(begun);
      this.#say(`${this.#files.size} of ${this.#total}  ${this.#seconds()} s  ${begun.replace(/^\.\//, "")}`);
    }
    if (result === undefined) {
      if (begun === undefined) this.#say(line);
      return;
    }
    this.#counts.set(result, this.#count(result) + 1);
    if (result !== "ok") this.#say(`    ${result}  ${name}`);
  }

  /** Prints the sum, in words that no counter of results matches. */
  end(): void {
    const [good, bad, out] = ["ok", "FAILED", "ignored"].map((result) => this.#count(result));
    const counts = `${good} good, ${bad} bad, ${out} left out (tests and their steps)`;
    this.#say(`sum: ${this.#files.size} of ${this.#total} files in ${this.#seconds()} s: ${counts}`);
  }

  #count(result: string): number {
    return this.#counts.get(result) ?? 0;
  }

  #seconds(): string {
    return ((performance.now() - this.#started) / 1000).toFixed(0);
  }
}
