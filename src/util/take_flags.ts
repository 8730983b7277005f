/** Takes flags without a value out of arguments. */
export function takeFlags<F extends string>(
  args: readonly string[],
  known: readonly F[],
): { flags: Set<F>; rest: string[] } {
  const isFlag = (argument: string): argument is F => (known as readonly string[]).includes(argument);
  return { flags: new Set(args.filter(isFlag)), rest: args.filter((argument) => !isFlag(argument)) };
}
