/** Puts the program together from its configuration; the only place that knows every part. */
import { openDatabase } from "../db/open.ts";
import { makeAuthenticator } from "./auth/make.ts";
import type { Config } from "./config/config.ts";
import { connectionOf, mariadbSettings } from "./database_settings.ts";
import type { Deps } from "./deps.ts";
import { ImageSchema } from "./images/image_schema.ts";
import { importKind } from "./imports/kind.ts";
import { legacyKind } from "./imports/legacy_kind.ts";
import { pluginNames } from "./imports/plugins/run.ts";
import { HeldLeases } from "./leases/held.ts";
import { locationKind } from "./locations/kind.ts";
import { guardOptions, makeUriFilter } from "./net/guard.ts";
import { makeOutbound } from "./net/outbound.ts";
import { outboundUses } from "./net/outbound_uses.ts";
import { getLog } from "./observe/log.ts";
import { eventSettings, makeEvents } from "./notify/events.ts";
import { isAdmin } from "./policy/enforcer.ts";
import { makeEnforcer } from "./policy/load.ts";
import { loadPropertyProtections } from "./policy/property_protections.ts";
import { makeStores } from "./stores/registry.ts";
import { storageQuotaBytes } from "./quota/quota.ts";
import { makeUnifiedLimits } from "./quota/unified_limits.ts";
import { Background, lostReason } from "./tasks/background.ts";
import { HashPool } from "./util/hash_pool.ts";

/** Addresses of the worker modules; given from the root, because the compiled binary keeps them elsewhere. */
export interface WorkerUrls {
  dbWriter: URL;
  hash: URL;
  decompress: URL;
}

export interface Composition {
  deps: Deps;
  /** Ends everything that was opened, the database last. */
  close(): Promise<void>;
}

interface ComposeOptions {
  /** Shared with the listener; by default a new one. */
  lifecycle?: { stopping: boolean };
  workers: WorkerUrls;
  /** `auto` makes the tables of an empty database; `require` refuses one that is not synced. */
  sync: "auto" | "require";
}

/** Errors: config, database. What was opened before the failure is closed again. */
export async function compose(
  config: Config,
  { workers, sync, lifecycle = { stopping: false } }: ComposeOptions,
): Promise<Composition> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    return { deps: await build(config, workers, sync, lifecycle, closers), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  config: Config,
  workers: WorkerUrls,
  sync: "auto" | "require",
  lifecycle: { stopping: boolean },
  closers: (() => Promise<void> | void)[],
): Promise<Deps> {
  const log = getLog("oneglance.start");
  checkOptions(config);
  const settings = {
    events: eventSettings(config),
    locationKey: config.get("DEFAULT.metadata_encryption_key") || null,
  };
  const db = await openDatabase({
    connection: connectionOf(config),
    mariadb: mariadbSettings(config),
    writerUrl: workers.dbWriter,
    force: config.get("oneglance.force_network_filesystem"),
    sync,
    settings,
  });
  closers.push(() => db.close());
  const uriFilter = makeUriFilter(guardOptions(config));
  const outbound = makeOutbound(outboundUses(config));
  closers.push(() => outbound.close());
  const hashPool = new HashPool(workers.hash);
  closers.push(() => hashPool.close());
  const stores = await makeStores(config, {
    hashPool,
    fetch: outbound.fetch,
    warn: (text) => log.warn(text),
    error: (text) => log.error(text),
  });
  closers.push(() => stores.close());
  const leases = new HeldLeases({
    renew: (input) => db.write.leases.renew(input),
    taskSeconds: config.get("oneglance.task_lease_timeout"),
    lost: lostReason,
  });
  closers.push(() => leases.close());
  const background = new Background({
    leases,
    limit: config.get("taskflow_executor.max_workers"),
  });
  closers.push(() => background.close());
  const policyLog = getLog("oneglance.policy");
  const policy = await makeEnforcer(config, { outbound: outbound.fetch, log: policyLog });
  const protections = loadPropertyProtections(config, policy, policyLog);
  const auth = await makeAuthenticator(config, {
    outbound: outbound.fetch,
    isAdmin: (caller) => isAdmin(policy, caller),
    log: getLog("oneglance.auth"),
  });
  return {
    config,
    db,
    events: makeEvents(settings.events),
    stores,
    auth,
    policy,
    protections,
    limits: config.get("DEFAULT.use_keystone_limits") ? makeUnifiedLimits(config, outbound.fetch) : null,
    imageSchema: readImageSchema(config),
    leases,
    workers,
    outbound: outbound.fetch,
    uriFilter,
    background,
    taskKinds: [importKind, legacyKind, locationKind],
    lifecycle,
  };
}

/** Checks options whose text is otherwise read when a request needs it. Errors: config. */
function checkOptions(config: Config): void {
  pluginNames(config);
  storageQuotaBytes(config.get("DEFAULT.user_storage_quota"));
}

function readImageSchema(config: Config): ImageSchema {
  const file = config.findFile("schema-image.json");
  return new ImageSchema({
    diskFormats: config.get("image_format.disk_formats"),
    containerFormats: config.get("image_format.container_formats"),
    extension: file === null ? null : Deno.readTextFileSync(file),
    ...(file === null ? {} : { extensionFile: file }),
  });
}
