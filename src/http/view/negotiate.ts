/** Which form of an error body a request gets (spec/images-api.md §6.1). */

export type ErrorForm = "html" | "json" | "plain";

const ITEM = /^\s*([!#$%&'*+.^_`|~\w-]+)\/([!#$%&'*+.^_`|~\w-]+)\s*((?:;.*)?)$/;

/** HTML is offered first, JSON second, by ordinary quality negotiation; plain text when neither is wanted. */
export function negotiate(accept: string | null): ErrorForm {
  if (accept === null || accept.trim() === "") return "plain";
  const ranges = parseAccept(accept);
  if (ranges === null) return "html";
  const type = bestOffer(ranges, ["text/html", "application/json"]);
  if (type === null) return "plain";
  return type === "text/html" ? "html" : "json";
}

/** The media ranges of an Accept header; null when it is not a valid one. */
export function parseAccept(accept: string): Range[] | null {
  const ranges = accept.split(",").filter((item) => item.trim() !== "").map(parseItem);
  return ranges.some((range) => range === null) ? null : ranges as Range[];
}

/** The offer that is liked best, the earlier one of two that are liked alike; null when none is wanted. */
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

/** One media range with its quality, 0 to 1. */
export interface Range {
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

/** The quality by the most specific range that matches. */
function quality(ranges: Range[], type: string, subtype: string): number {
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const family = ranges.find((range) => range.type === type && range.subtype === "*");
  const any = ranges.find((range) => range.type === "*" && range.subtype === "*");
  return (exact ?? family ?? any)?.q ?? 0;
}
