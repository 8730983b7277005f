/** The parts of the program: built once at start, passed down, never global. */
import type { Database } from "../db/database.ts";
import type { Authenticator } from "./auth/authenticator.ts";
import type { Caller } from "./caller.ts";
import type { Config } from "./config/config.ts";
import type { ImageSchema } from "./images/image_schema.ts";
import type { HeldLeases } from "./leases/held.ts";
import type { Enforcer } from "./policy/enforcer.ts";
import type { OutboundFetch } from "./net/outbound.ts";
import type { UriFilter } from "./net/guard.ts";
import type { Events } from "./notify/events.ts";
import type { PropertyProtections } from "./policy/property_protections.ts";
import type { UnifiedLimits } from "./quota/unified_limits.ts";
import type { Background } from "./tasks/background.ts";
import type { TaskKind } from "./tasks/runner.ts";
import type { Stores } from "./stores/store.ts";

export interface Deps {
  config: Config;
  db: Database;
  /** Enabled notifications. */
  events: Events;
  stores: Stores;
  auth: Authenticator;
  policy: Enforcer;
  protections: PropertyProtections;
  /** Keystone's unified limits; null unless `use_keystone_limits`. */
  limits: UnifiedLimits | null;
  /** The image attributes and custom properties this service knows (schema-image.json included). */
  imageSchema: ImageSchema;
  /** Uploads, deletions and tasks in progress, and their leases. */
  leases: HeldLeases;
  /** Addresses of worker modules. */
  workers: { decompress: URL };
  /** The guarded fetch of every outbound request. */
  outbound: OutboundFetch;
  /** Judges URLs that users give. */
  uriFilter: UriFilter;
  /** Jobs that go on after their request was answered. */
  background: Background;
  /** What tasks of each type do. */
  taskKinds: readonly TaskKind[];
  /** Set when the process is stopping, so that load balancers remove it before it stops listening. */
  lifecycle: { stopping: boolean };
}

/** The context of a verb: the program's parts and the caller. */
export interface Ctx {
  deps: Deps;
  caller: Caller;
  /** `req-…` */
  requestId: string;
}
