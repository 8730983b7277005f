import type { Config, StoreConfig } from "../config/config.ts";
import { fail } from "../errors.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import { STAGING_STORE } from "../util/names.ts";
import { FileStore, type StoreTools } from "./file.ts";
import { HttpStore } from "./http.ts";
import { prefixLength, schemeOrNull, type Store, storeIdOf, type Stores } from "./store.ts";

/**
 * Opens all configured stores and the staging area (docs/reference/stores.md §10 and §11, docs/reference/configuration.md §8, §9 and
 * §16). A store with an unknown driver is skipped with a warning, unless it is the default. Errors: config.
 */
export async function makeStores(config: Config, tools: DriverTools): Promise<Stores> {
  const backends = config.get("DEFAULT.enabled_backends");
  const multi = backends !== null && backends.size > 0;
  const all = multi ? await openBackends(config, backends, tools) : await openSingle(config, tools);
  const standard = multi ? defaultBackend(config, [...backends.keys()], all) : defaultStore(config, all);
  return new StoreList(multi, all, standard, await openStaging(config, multi, tools));
}

async function openBackends(
  config: Config,
  backends: ReadonlyMap<string, string>,
  tools: DriverTools,
): Promise<Store[]> {
  for (const id of backends.keys()) {
    if (id.toLowerCase().startsWith("os_glance_")) {
      fail(
        "config",
        `enabled_backends contains store '${id}': ids that begin with 'os_glance_' are reserved.`,
      );
    }
  }
  const stores: Store[] = [];
  for (const [id, type] of backends) {
    const driver = driverOf(type);
    if (driver) stores.push(await driver(config.store(id), tools));
    else tools.warn(`Store '${id}' is ignored: there is no driver '${type}'.`);
  }
  return stores;
}

function defaultBackend(config: Config, ids: readonly string[], all: readonly Store[]): Store {
  const id = config.get("glance_store.default_backend");
  if (!id) fail("config", "'default_backend' in [glance_store] must be set when 'enabled_backends' is.");
  if (!ids.includes(id)) {
    fail("config", `'default_backend' is '${id}', which is not in 'enabled_backends'.`);
  }
  return all.find((store) => store.id === id) ??
    fail("config", `The default store '${id}' cannot be used: there is no driver for it.`);
}

async function openSingle(config: Config, tools: DriverTools): Promise<Store[]> {
  const stores: Store[] = [];
  for (const type of new Set(config.get("glance_store.stores").map((name) => name.trim()))) {
    const driver = driverOf(type);
    if (driver) stores.push(await driver(config.store(null), tools));
    else tools.warn(`Store '${type}' is ignored: there is no such driver.`);
  }
  return stores;
}

function defaultStore(config: Config, all: readonly Store[]): Store {
  const scheme = config.get("glance_store.default_store");
  return all.find(({ schemes }) => schemes.includes(scheme)) ??
    fail("config", `'default_store' is '${scheme}', which no store in 'stores' of [glance_store] serves.`);
}

/** Opens the staging area, a separate file store. */
async function openStaging(config: Config, multi: boolean, tools: StoreTools): Promise<FileStore> {
  if (multi) {
    const options = config.store(STAGING_STORE);
    const datadir = options.get("filesystem_store_datadir") ?? "";
    const timeout = options.get("filesystem_store_timeout");
    return await FileStore.open({ id: STAGING_STORE, datadir, timeout }, tools);
  }
  const uri = config.get("DEFAULT.node_staging_uri") ?? "";
  if (!uri.startsWith("file://")) fail("config", "'node_staging_uri' must begin with 'file://'.");
  const timeout = config.store(null).get("filesystem_store_timeout");
  return await FileStore.open({ id: null, datadir: uri.slice("file://".length), timeout }, tools);
}

function driverOf(type: string) {
  return Object.hasOwn(DRIVERS, type) ? DRIVERS[type] : undefined;
}

class StoreList implements Stores {
  readonly multi: boolean;
  readonly all: readonly Store[];
  readonly default: Store;
  readonly staging: Store;

  constructor(multi: boolean, all: readonly Store[], standard: Store, staging: Store) {
    this.multi = multi;
    this.all = all;
    this.default = standard;
    this.staging = staging;
  }

  byId(id: string): Store | null {
    return this.all.find((store) => store.id !== null && store.id === id) ?? null;
  }

  forLocation({ url, metadata }: { url: string; metadata: Record<string, unknown> }): Store | null {
    if (!this.multi) return this.#serving(url)[0] ?? null;
    const id = storeIdOf(metadata);
    return (id === null ? null : this.byId(id)) ?? this.guess(url);
  }

  guess(url: string): Store | null {
    let best: { store: Store; length: number } | undefined;
    for (const store of this.#serving(url)) {
      const lengths = (store.urlPrefixes ?? [store.urlPrefix]).map((prefix) => prefixLength(url, prefix));
      const length = Math.max(0, ...lengths);
      if (length > (best?.length ?? 0)) best = { store, length };
    }
    return best?.store ?? null;
  }

  order<L extends { url: string; metadata: Record<string, unknown> }>(locations: readonly L[]): L[] {
    if (!this.multi) return [...locations];
    const weights = new Map(locations.map((each) => [each, this.forLocation(each)?.weight ?? 0]));
    return locations.toSorted((a, b) => weights.get(b)! - weights.get(a)!);
  }

  async close(): Promise<void> {
    await Promise.all([...this.all, this.staging].map((store) => store.close()));
  }

  #serving(url: string): Store[] {
    const scheme = schemeOrNull(url);
    return scheme === null ? [] : this.all.filter(({ schemes }) => schemes.includes(scheme));
  }
}

/** What all drivers need. */
interface DriverTools extends StoreTools {
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
