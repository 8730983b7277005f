/** The elements of an XML document, one after the other; the caller keeps what it needs. */
import sax from "sax";
import { fail } from "../../errors.ts";

/** Elements inside one another; each one makes the lookup of a namespace dearer. */
const MAX_DEPTH = 100;
/** In the whole document: the library's time grows with the square of those of one element. */
const MAX_ATTRIBUTES = 20_000;

export interface Element {
  /** Without its prefix. */
  name: string;
  /** URI of its namespace; empty without one. */
  namespace: string;
  /** By their names without prefixes, in whichever namespace. */
  attributes: Map<string, string>;
  text: string;
}

/** What is used of the library, which comes without types. */
interface Parser {
  onopentag(tag: { local: string; uri: string; attributes: Record<string, Attribute> }): void;
  onclosetag(): void;
  ontext(text: string): void;
  oncdata(text: string): void;
  onerror(error: Error): never;
  write(xml: string): Parser;
  close(): void;
}

interface Attribute {
  local: string;
  value: string;
}

/**
 * Calls `visit` at the end of each element, with the name of the one around it. Entities of a DTD are never replaced:
 * they are refused. Errors: bad_request; what `visit` throws.
 */
export function eachElement(xml: string, visit: (element: Element, parent?: string) => void): void {
  // Every attribute has an equals sign.
  if (xml.split("=").length - 1 > MAX_ATTRIBUTES) refuse(`more than ${MAX_ATTRIBUTES} attributes`);
  const open: Element[] = [];
  const addText = (text: string) => {
    const element = open.at(-1);
    if (element) element.text += text;
  };
  const parser: Parser = Object.assign<Parser, Partial<Parser>>(
    sax.parser(true, { xmlns: true, strictEntities: true }),
    {
      onopentag({ local, uri, attributes }) {
        if (open.length === MAX_DEPTH) refuse(`more than ${MAX_DEPTH} elements inside one another`);
        const named = Object.values(attributes).map(({ local, value }) => [local, value] as const);
        open.push({ name: local, namespace: uri, attributes: new Map(named), text: "" });
      },
      onclosetag() {
        const element = open.pop();
        if (element) visit(element, open.at(-1)?.name);
      },
      ontext: addText,
      oncdata: addText,
      onerror: (error) => refuse(error.message.split("\n", 1)[0]!.slice(0, 100)),
    },
  );
  parser.write(xml).close();
}

function refuse(why: string): never {
  return fail("bad_request", `The OVF file cannot be read: ${why}.`);
}
