/** Which programs of the machine a test can use: a test or step without its program says `ignore: missing(…)`. */

/** Whether one of the commands is not installed. */
export function missing(...commands: string[]): boolean {
  return commands.some((command) => {
    const args = ["-c", 'command -v "$1"', "sh", command];
    return !new Deno.Command("sh", { args, stdout: "null", stderr: "null" }).outputSync().success;
  });
}
