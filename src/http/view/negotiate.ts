/** Chooses the media type of an error body (docs/reference/images-api.md §6.1). `hono/accepts` lacks webob's special cases. */

type ErrorForm = "html" | "json" | "plain";

const ITEM = /^\s*([!#$%&'*+.^_`|~\w-]+)\/([!#$%&'*+.^_`|~\w-]+)\s*((?:;.*)?)$/;

/** Negotiates by quality between HTML and JSON, in this order; plain text if neither is accepted. */
export function negotiate(accept: string | null): ErrorForm {
  if (accept === null || accept.trim() === "") return "plain";
  const ranges = parseAccept(accept);
  if (ranges === null) return "html";
  const type = bestOffer(ranges, ["text/html", "application/json"]);
  if (type === null) return "plain";
  return type === "text/html" ? "html" : "json";
}

/** Parses the media ranges of an Accept header; null if it is invalid. */
export function parseAccept(accept: string): Range[] | null {
  const ranges = accept.split(",").filter((item) => item.trim() !== "").map(parseItem);
  return ranges.some((range) => range === null) ? null : ranges as Range[];
}

/** Returns the offer of the highest quality, the first one of equals; null if none is accepted. */
export function bestOffer<T extends string>(ranges: Range[], offers: readonly T[]): T | null {
  let best: T | null = null;
  let most = 0;
  for (const offer of offers) {
    const [type, subtype] = offer.split("/") as [string, string];
    const q = quality(ranges, type, subtype);
    if (q > most) [best, most] = [offer, q];
  }
  return best;
}

/** A media range with its quality, 0 to 1. */
interface Range {
  type: string;
  subtype: string;
  q: number;
}

function parseItem(text: string): Range | null {
  const match = ITEM.exec(text);
  if (!match) return null;
  const q = /;\s*q\s*=\s*([0-9.]+)/i.exec(match[3] ?? "");
  return { type: match[1]!.toLowerCase(), subtype: match[2]!.toLowerCase(), q: q ? Number(q[1]) || 0 : 1 };
}

/** Returns the quality of the most specific match. */
function quality(ranges: Range[], type: string, subtype: string): number {
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const family = ranges.find((range) => range.type === type && range.subtype === "*");
  const any = ranges.find((range) => range.type === "*" && range.subtype === "*");
  return (exact ?? family ?? any)?.q ?? 0;
}
