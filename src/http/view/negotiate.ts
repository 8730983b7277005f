/** Which form of an error body a request gets (spec/images-api.md §6.1). */

export type ErrorForm = "html" | "json" | "plain";

const ITEM = /^\s*([!#$%&'*+.^_`|~\w-]+)\/([!#$%&'*+.^_`|~\w-]+)\s*((?:;.*)?)$/;

/** HTML is offered first, JSON second, by ordinary quality negotiation; plain text when neither is wanted. */
export function negotiate(accept: string | null): ErrorForm {
  if (accept === null || accept.trim() === "") return "plain";
  const ranges = accept.split(",").filter((item) => item.trim() !== "").map(parseItem);
  if (ranges.some((range) => range === null)) return "html";
  const html = quality(ranges as Range[], "text", "html");
  const json = quality(ranges as Range[], "application", "json");
  if (html === 0 && json === 0) return "plain";
  return html >= json ? "html" : "json";
}

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

/** The quality by the most specific range that matches. */
function quality(ranges: Range[], type: string, subtype: string): number {
  const exact = ranges.find((range) => range.type === type && range.subtype === subtype);
  const family = ranges.find((range) => range.type === type && range.subtype === "*");
  const any = ranges.find((range) => range.type === "*" && range.subtype === "*");
  return (exact ?? family ?? any)?.q ?? 0;
}
