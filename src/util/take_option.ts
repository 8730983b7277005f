import { UsageError } from "./usage_error.ts";

/** Takes `--name VALUE` or `--name=VALUE` out of arguments; the last one counts. Errors: UsageError. */
export function takeValue(args: readonly string[], name: string): { value: string | null; rest: string[] } {
  let value: string | null = null;
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (argument === name) {
      const next = args[++i];
      if (next === undefined) throw new UsageError(`${name} wants a value.`);
      value = next;
    } else if (argument.startsWith(`${name}=`)) value = argument.slice(name.length + 1);
    else rest.push(argument);
  }
  return { value, rest };
}
