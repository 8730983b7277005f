/** Takes options and flags out of the arguments of a command. */

/** A wrong command line: its message goes to standard error and the program ends with 2 (docs/reference/cli.md). */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Takes `--name VALUE` or `--name=VALUE` out of arguments; the last one counts. Errors: UsageError. */
export function takeValue(args: readonly string[], name: string): { value: string | null; rest: string[] } {
  let value: string | null = null;
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (argument === name) {
      const next = args[++i];
      if (next === undefined) throw new UsageError(`${name} needs a value.`);
      value = next;
    } else if (argument.startsWith(`${name}=`)) value = argument.slice(name.length + 1);
    else rest.push(argument);
  }
  return { value, rest };
}

/** Takes flags without a value out of arguments. */
export function takeFlags<F extends string>(
  args: readonly string[],
  known: readonly F[],
): { flags: Set<F>; rest: string[] } {
  const isFlag = (argument: string): argument is F => (known as readonly string[]).includes(argument);
  return { flags: new Set(args.filter(isFlag)), rest: args.filter((argument) => !isFlag(argument)) };
}
