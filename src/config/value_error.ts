/** Why a text is not a value of its option; `config.ts` adds file, line and name before anyone sees it. */
export class ValueError extends Error {
  override name = "ValueError";
}

/** Throws a ValueError: `refuse("expected an integer")`. */
export function refuse(reason: string): never {
  throw new ValueError(reason);
}
