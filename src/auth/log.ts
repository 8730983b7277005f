/** Where src/auth writes; messages hold no token and no password. */
export interface AuthLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}
