/** What stands in place of a secret. */
export const MASK = "****";

/** A URL without its userinfo (in a store's location the user is part of the secret) and without secrets of its query. */
export function maskUrl(url: string): string {
  const masked = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${MASK}@`);
  return masked.replace(/([?&][^=&#]*(?:password|secret|token|sig|key)[^=&#]*=)[^&#]*/gi, `$1${MASK}`);
}

/** What a line says of a token: its length, and no part of it. */
export function maskToken(token: string | null): string {
  return token === null ? "-" : `${MASK} (${token.length} characters)`;
}

/** `text` with every URL in it masked. */
export function maskText(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/gi, maskUrl);
}
