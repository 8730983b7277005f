/** What an OVF descriptor says of its disk (spec/background-jobs.md §4.3). */
import { fail } from "../../errors.ts";

const PASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData";

/** Comments and texts that are no markup, or one tag with its attributes. */
const TAG =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([\w.-]+:)?([\w.-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;
const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

interface Tag {
  prefix: string;
  name: string;
  closing: boolean;
  attributes: Record<string, string>;
  /** The text between this tag and the next. */
  text: string;
}

export interface Descriptor {
  /** Name of the disk's file in the archive. */
  disk: string;
  /** `cim_pasd_…`, of those that were asked for. */
  properties: Record<string, string>;
}

/** `wanted`: names of settings of processors. Errors: bad_request when there is not exactly one disk with a file. */
export function readDescriptor(xml: string, wanted: readonly string[]): Descriptor {
  const tags = tagsOf(xml);
  const disks = tags.filter(({ name, closing }) => name === "Disk" && !closing);
  if (disks.length > 1) {
    fail("bad_request", "Currently, OVA packages containing multiple disk are not supported.");
  }
  const ref = disks[0] && local(disks[0], "fileRef");
  const file = tags.find((tag) => tag.name === "File" && !tag.closing && local(tag, "id") === ref);
  const disk = ref && file && local(file, "href");
  if (!disk) fail("bad_request", "The OVF file names no file for a disk.");
  return { disk, properties: settingsOf(tags, wanted) };
}

function tagsOf(xml: string): Tag[] {
  const found = [...xml.matchAll(TAG)];
  return found.flatMap((match, index) => {
    const [whole, slash, prefix = "", name, attributes] = match;
    if (name === undefined) return [];
    const end = found[index + 1]?.index ?? xml.length;
    return [{
      prefix,
      name,
      closing: slash === "/",
      attributes: Object.fromEntries(
        [...attributes!.matchAll(ATTRIBUTE)].map((
          [, key, double, single],
        ) => [key, decode(double ?? single!)]),
      ),
      text: decode(xml.slice(match.index + whole.length, end)).trim(),
    }];
  });
}

/** An attribute by its name, in whichever namespace. */
function local({ attributes }: Tag, name: string): string | undefined {
  const key = Object.keys(attributes).find((each) => each.split(":").at(-1) === name);
  return key === undefined ? undefined : attributes[key];
}

function settingsOf(tags: readonly Tag[], wanted: readonly string[]): Record<string, string> {
  const prefixes = tags.flatMap(({ attributes }) =>
    Object.keys(attributes).filter((key) => key.startsWith("xmlns:") && attributes[key] === PASD)
      .map((key) => `${key.slice("xmlns:".length)}:`)
  );
  const settings = tags.filter(({ closing, name, prefix, attributes }) =>
    !closing && wanted.includes(name) && (prefixes.includes(prefix) || attributes.xmlns === PASD)
  );
  return Object.fromEntries(settings.map(({ name, text }) => [`cim_pasd_${name}`, text]));
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g,
    (all, dec, hex, name) => {
      if (name) return NAMED[name]!;
      const point = dec ? parseInt(dec, 10) : parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : all;
    },
  );
}
