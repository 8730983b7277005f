/** Reads the disk's file name and format from an OVF descriptor (docs/reference/background-jobs.md §4.3). */
import { fail } from "../../errors.ts";
import { eachElement, type Element } from "./xml.ts";

const PASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData";

interface Descriptor {
  /** Name of the disk's file, beside the descriptor. */
  disk: string;
  /** Whether that file is compressed by gzip. */
  gzip: boolean;
  /** `cim_pasd_…`, of those that were asked for. */
  properties: Record<string, string>;
}

/** `wanted`: names of settings of processors. Errors: bad_request, also unless there is exactly one disk with a file. */
export function readDescriptor(xml: string, wanted: readonly string[]): Descriptor {
  const disks: Element[] = [];
  const files: Element[] = [];
  const properties: Record<string, string> = {};
  eachElement(xml, (element, parent) => {
    const { name, namespace, text } = element;
    if (name === "Disk" && parent === "DiskSection") disks.push(element);
    if (name === "File" && parent === "References") files.push(element);
    if (namespace === PASD && wanted.includes(name)) properties[`cim_pasd_${name}`] = text.trim();
  });
  if (disks.length > 1) {
    fail("bad_request", "Currently, OVA packages containing multiple disk are not supported.");
  }
  const ref = disks[0]?.attributes.get("fileRef");
  const file = files.find(({ attributes }) => attributes.get("id") === ref);
  const disk = ref && file?.attributes.get("href");
  if (!disk) fail("bad_request", "The OVF file names no file for a disk.");
  const name = disk.replace(/^(\.\/)+/, "");
  if (name.includes("/")) fail("bad_request", `The OVF file names ${disk}, which does not lie beside it.`);
  return { disk: name, gzip: isGzip(file?.attributes.get("compression")), properties };
}

/** Whether a file with this attribute is compressed (OVF specification, DSP0243). Errors: bad_request. */
function isGzip(compression = ""): boolean {
  if (compression === "" || compression === "identity") return false;
  if (compression === "gzip") return true;
  return fail("bad_request", `The disk is compressed by ${compression}, which is not supported.`);
}
