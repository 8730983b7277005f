/** Looks for programs on the machine: a test or step that needs one says `ignore: missing(…)`. */

/** Whether at least one of the commands is not installed. */
export function missing(...commands: string[]): boolean {
  return commands.some((command) => {
    const args = ["-c", 'command -v "$1"', "sh", command];
    return !new Deno.Command("sh", { args, stdout: "null", stderr: "null" }).outputSync().success;
  });
}
