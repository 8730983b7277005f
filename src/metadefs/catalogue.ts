/**
 * The built-in catalogue: the namespaces of Glance 33.0.0. Names, types and allowed values are upstream's, because other
 * services use them; the texts are ours. All namespaces are public, so that everybody can check images.
 */
import type { NewNamespace } from "../../db/metadef_records.ts";
import {
  PROCESSOR_ALLOCATION,
  RESOURCE_ALLOCATION,
  STORAGE_ALLOCATION,
  VIRTUAL_SYSTEM,
} from "./catalogue/cim.ts";
import { AGGREGATE_DISK, AGGREGATE_IO, AGGREGATE_SERVERS, HOST_CAPABILITIES } from "./catalogue/hosts.ts";
import { HYPERVISOR, LIBVIRT, LIBVIRT_IMAGE, NOVA_34, VOLUME_TYPE } from "./catalogue/libvirt.ts";
import { QUOTA, RANDOM_NUMBERS } from "./catalogue/limits.ts";
import { COMMON_IMAGE, INSTANCE_DATA, OPERATING_SYSTEM, SHUTDOWN } from "./catalogue/operating_system.ts";
import { CPU_PINNING, CPU_TOPOLOGY, MEMORY_BACKING, WATCHDOG } from "./catalogue/processor.ts";
import { SIGNATURES, TPM, VTPM } from "./catalogue/security.ts";
import { DATABASES, RUNTIMES, WEB_SERVERS } from "./catalogue/software.ts";
import { VMWARE, VMWARE_FLAVOR, VMWARE_QUOTA, XENAPI } from "./catalogue/vmware.ts";
import { readCatalogueFile } from "./catalogue_file.ts";

/** Namespaces that are not in Glance. */
export const OWN = [NOVA_34] as const;

/** All documents, in the format of catalogue files. */
export const CATALOGUE = [
  OPERATING_SYSTEM,
  COMMON_IMAGE,
  SIGNATURES,
  INSTANCE_DATA,
  SHUTDOWN,
  HYPERVISOR,
  LIBVIRT_IMAGE,
  LIBVIRT,
  CPU_PINNING,
  CPU_TOPOLOGY,
  MEMORY_BACKING,
  WATCHDOG,
  TPM,
  VTPM,
  VOLUME_TYPE,
  QUOTA,
  RANDOM_NUMBERS,
  AGGREGATE_DISK,
  AGGREGATE_IO,
  AGGREGATE_SERVERS,
  HOST_CAPABILITIES,
  VMWARE,
  VMWARE_FLAVOR,
  VMWARE_QUOTA,
  XENAPI,
  PROCESSOR_ALLOCATION,
  RESOURCE_ALLOCATION,
  STORAGE_ALLOCATION,
  VIRTUAL_SYSTEM,
  DATABASES,
  RUNTIMES,
  WEB_SERVERS,
  ...OWN,
] as const;

/** Returns the namespaces of the catalogue for loading. */
export function shippedNamespaces(): NewNamespace[] {
  return CATALOGUE.map(readCatalogueFile);
}
