import { BudgetedPeek } from "./budgeted_peek.ts";
import { detectGpt } from "./gpt.ts";
import type { FormatResult, Inspection, Peek } from "./inspection.ts";
import { detectIso } from "./iso.ts";
import { detectLuks } from "./luks.ts";
import { detectPloop } from "./ploop.ts";
import { detectQcow2 } from "./qcow2.ts";
import { detectQed } from "./qed.ts";
import { detectVdi } from "./vdi.ts";
import { detectVhd, endsInVhdFooter } from "./vhd.ts";
import { detectVhdx } from "./vhdx.ts";
import { detectVmdk } from "./vmdk.ts";

/** Looks for the signature of one format. Throws only errors of reading. */
export type Detector = (peek: BudgetedPeek) => Promise<FormatResult | null>;

/** Detectors by format; `raw` is the absence of all others. */
export const DETECTORS: Record<string, Detector> = {
  qcow2: detectQcow2,
  qed: detectQed,
  vhd: detectVhd,
  vhdx: detectVhdx,
  vmdk: detectVmdk,
  vdi: detectVdi,
  iso: detectIso,
  gpt: detectGpt,
  luks: detectLuks,
  ploop: detectPloop,
};

/**
 * Runs all detectors over image data (docs/reference/background-jobs.md §8).
 *
 * @param peek reads the data; at most 8 MiB, whatever the data claims
 * @param options.size number of bytes of the whole data
 * @returns the finding; never throws: an error of `peek` is in `crashed`
 */
export async function inspect(peek: Peek, options: { size: number }): Promise<Inspection> {
  const source = new BudgetedPeek(peek, options.size);
  try {
    const results: FormatResult[] = [];
    for (const detect of Object.values(DETECTORS)) {
      const result = await detect(source);
      if (result) results.push(result);
    }
    const inspection = settle(results, options.size);
    if (!inspection.matches.includes("vhd") && await endsInVhdFooter(source)) {
      inspection.notes.push("The data ends with the footer of a fixed VHD; such a disk counts as raw");
    }
    return inspection;
  } catch (error) {
    const crashed = error instanceof Error ? error.message : String(error);
    return { ...settle([], options.size), virtualSize: null, crashed };
  }
}

/** Combines the findings of all detectors. */
function settle(results: FormatResult[], size: number): Inspection {
  const matches = results.map((result) => result.format);
  const base = { matches, size, crashed: null, notes: [] as string[] };
  if (results.length === 0) {
    return { ...base, format: "raw", variant: null, virtualSize: size, failures: [], incomplete: null };
  }
  // A bootable ISO has a partition table in its system area, the only legitimate polyglot.
  const iso = results.length === 2 && matches.includes("gpt") &&
    results.find((result) => result.format === "iso");
  const only = iso || (results.length === 1 && results[0]);
  if (only) return { ...base, ...only };
  return {
    ...base,
    format: matches.join(","),
    variant: "polyglot",
    virtualSize: null,
    failures: results.flatMap((result) => result.failures),
    incomplete: null,
  };
}
