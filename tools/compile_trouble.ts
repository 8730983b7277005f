/** What `deno compile` means when it fails for want of its runtime: its own text is a chain of causes and a stack. */

/** One sentence for the text of a failed `deno compile` of that version; null when it is about something else. */
export function compileTrouble(stderr: string, version: string): string | null {
  const url = /error sending request for url \((\S*denort\S*)\)/.exec(stderr)?.[1] ??
    /(https?:\/\/\S*denort\S*?)[)'",;]*(?:\s|$)/.exec(stderr)?.[1];
  if (url === undefined) return null;
  return `deno ${version} cannot fetch the runtime that it builds executables on (${url}): name a denort of the ` +
    "same version in DENORT_BIN; .ci/denort.sh brings the one of deno 2.4.2.";
}
