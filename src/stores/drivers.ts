import type { StoreConfig } from "../config/config.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import { FileStore, type StoreTools } from "./file.ts";
import { HttpStore } from "./http.ts";
import type { Store } from "./store.ts";

/** What all drivers need. */
export interface DriverTools extends StoreTools {
  /** The guarded fetch. */
  fetch: OutboundFetch;
}

type Driver = (config: StoreConfig, tools: DriverTools) => Promise<Store>;

/** Drivers by their name in `enabled_backends` and `stores`. */
export const DRIVERS: Readonly<Record<string, Driver>> = {
  file: openFileStore,
  http: (config, tools) => Promise.resolve(openHttpStore(config, tools)),
};

function openHttpStore(config: StoreConfig, { fetch, warn }: DriverTools): HttpStore {
  if ((config.get("http_proxy_information")?.size ?? 0) > 0) {
    warn(
      `Store '${
        config.id ?? "http"
      }': 'http_proxy_information' is ignored; oneglance connects directly, to ` +
        "addresses that it has checked.",
    );
  }
  return new HttpStore(common(config), fetch);
}

function openFileStore(config: StoreConfig, tools: StoreTools): Promise<FileStore> {
  return FileStore.open({
    ...common(config),
    datadir: config.get("filesystem_store_datadir") ?? "",
    datadirs: config.get("filesystem_store_datadirs"),
    metadataFile: config.get("filesystem_store_metadata_file"),
    filePerm: config.get("filesystem_store_file_perm"),
    chunkSize: config.get("filesystem_store_chunk_size"),
    thinProvisioning: config.get("filesystem_thin_provisioning"),
    timeout: config.get("filesystem_store_timeout"),
  }, tools);
}

function common(config: StoreConfig): { id: string | null; description: string | null; weight: number } {
  return { id: config.id, description: config.get("store_description"), weight: config.get("weight") };
}
