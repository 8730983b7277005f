/** The log of src/auth; messages contain no token and no password. */
export interface AuthLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** `repeated`: the cause; of its lines only the first in a minute is written, with the number of the others. */
  error(message: string, extra?: { repeated?: string }): void;
}
