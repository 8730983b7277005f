/** What this program was built from: `git describe` of the executable, `source` when it runs from the sources. */
export const BUILD: string = (globalThis as { ONEGLANCE_BUILD?: string }).ONEGLANCE_BUILD ?? "source";
