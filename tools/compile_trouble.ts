/** Explains a `deno compile` that cannot fetch its runtime; deno itself prints a chain of causes and a stack. */

/** Returns one sentence for the output of a failed `deno compile` of that version; null for any other failure. */
export function compileTrouble(stderr: string, version: string): string | null {
  const url = /error sending request for url \((\S*denort\S*)\)/.exec(stderr)?.[1] ??
    /(https?:\/\/\S*denort\S*?)[)'",;]*(?:\s|$)/.exec(stderr)?.[1];
  if (url === undefined) return null;
  return `deno ${version} cannot fetch the runtime that it builds executables on (${url}): name a denort of the ` +
    "same version in DENORT_BIN; .ci/denort.sh brings the one of deno 2.4.2.";
}
