/** The replacement of a secret. */
const MASK = "****";

const SECRET = /password|secret|token|sig|key/i;

/** Masks the userinfo of a URL (in a store's location the user is part of the secret) and secrets in its query. */
export function maskUrl(url: string): string {
  const start = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0];
  return start === undefined ? maskQuery(url) : start + maskBehindScheme(url.slice(start.length));
}

/** In linear time: callers without a token send masked text too. */
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

/** `text` with every URL in it masked. */
export function maskText(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(/:\/\/([^\s"'<>]*)/g, (_, rest: string) => `://${maskBehindScheme(rest)}`);
}
