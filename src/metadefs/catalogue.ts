/**
 * The catalogue that the program brings along for the common properties. Names, types and allowed values are
 * upstream's, because other services go by them; the texts are ours. All of it is public, so that the check of an
 * image is of use to everybody.
 */
import type { NewNamespace } from "../../db/metadef_records.ts";
import { HYPERVISOR, LIBVIRT, LIBVIRT_IMAGE, VOLUME_TYPE } from "./catalogue/libvirt.ts";
import { QUOTA, RANDOM_NUMBERS } from "./catalogue/limits.ts";
import { COMMON_IMAGE, INSTANCE_DATA, OPERATING_SYSTEM, SHUTDOWN } from "./catalogue/operating_system.ts";
import { CPU_MODE, CPU_PINNING, CPU_TOPOLOGY, MEMORY_BACKING, WATCHDOG } from "./catalogue/processor.ts";
import { SIGNATURES, TPM, VTPM } from "./catalogue/security.ts";
import { readCatalogueFile } from "./catalogue_file.ts";

/** The documents, in the form of catalogue files. */
export const CATALOGUE = [
  OPERATING_SYSTEM,
  COMMON_IMAGE,
  SIGNATURES,
  INSTANCE_DATA,
  SHUTDOWN,
  HYPERVISOR,
  LIBVIRT_IMAGE,
  LIBVIRT,
  CPU_MODE,
  CPU_PINNING,
  CPU_TOPOLOGY,
  MEMORY_BACKING,
  WATCHDOG,
  TPM,
  VTPM,
  VOLUME_TYPE,
  QUOTA,
  RANDOM_NUMBERS,
] as const;

/** Every namespace of the catalogue, ready to be loaded. */
export function shippedNamespaces(): NewNamespace[] {
  return CATALOGUE.map(readCatalogueFile);
}
