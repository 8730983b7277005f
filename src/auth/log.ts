/** Where src/auth writes; messages hold no token and no password. */
export interface AuthLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `repeated`: the cause; of its lines the first in a minute is written, and the number of the others. */
  error(message: string, extra?: { repeated?: string }): void;
}
