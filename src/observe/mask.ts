/** What stands in place of a secret. */
const MASK = "****";

const SECRET = /password|secret|token|sig|key/i;

/** A URL without its userinfo (in a store's location the user is part of the secret) and without secrets of its query. */
export function maskUrl(url: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  return start === undefined ? maskQuery(url) : start + maskBehindScheme(url.slice(start.length));
}

/** In time that grows with the text alone: callers without a token send what is masked. */
function maskBehindScheme(text: string): string {
  const end = text.search(/[/?#]/);
  const authority = end < 0 ? text : text.slice(0, end);
  const at = authority.lastIndexOf("@");
  return maskQuery(at < 0 ? text : MASK + text.slice(at));
}

function maskQuery(text: string): string {
  return text.replace(
    /([?&])([^=&#?]*)=([^&#]*)/g,
    (all, mark, name) => SECRET.test(name) ? `${mark}${name}=${MASK}` : all,
  );
}

/** What a line says of a token: its length, and no part of it. */
export function maskToken(token: string | null): string {
  return token === null ? "-" : `${MASK} (${token.length} characters)`;
}

/** `text` with every URL in it masked. */
export function maskText(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(/:\/\/([^\s"'<>]*)/g, (_, rest: string) => `://${maskBehindScheme(rest)}`);
}
