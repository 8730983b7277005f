import type { Option } from "./option.ts";
import { API_OPTIONS, CACHE_OPTIONS, LISTEN_OPTIONS, NOTIFICATION_OPTIONS } from "./options_api.ts";
import { DATABASE_OPTIONS } from "./options_database.ts";
import * as image from "./options_image.ts";
import { AUTHTOKEN_OPTIONS, LIMIT_OPTIONS } from "./options_keystone.ts";
import { LOGGING_OPTIONS } from "./options_logging.ts";
import { ONEGLANCE_OPTIONS } from "./options_oneglance.ts";
import { RABBIT_OPTIONS } from "./options_rabbit.ts";
import * as services from "./options_services.ts";
import { GLANCE_STORE_OPTIONS, STORE_OPTIONS } from "./options_stores.ts";

/** The table of all options, by group (docs/reference/configuration.md §2 to §15). */
export const OPTIONS = {
  DEFAULT: { ...API_OPTIONS, ...LISTEN_OPTIONS, ...CACHE_OPTIONS, ...LOGGING_OPTIONS },
  oneglance: ONEGLANCE_OPTIONS,
  image_format: image.IMAGE_FORMAT_OPTIONS,
  paste_deploy: image.PASTE_OPTIONS,
  database: DATABASE_OPTIONS,
  keystone_authtoken: AUTHTOKEN_OPTIONS,
  glance_store: GLANCE_STORE_OPTIONS,
  task: image.TASK_OPTIONS,
  taskflow_executor: image.TASKFLOW_OPTIONS,
  image_import_opts: image.IMPORT_OPTIONS,
  import_filtering_opts: image.IMPORT_FILTER_OPTIONS,
  inject_metadata_properties: image.INJECT_OPTIONS,
  image_conversion: image.CONVERSION_OPTIONS,
  glance_download_properties: image.DOWNLOAD_PROPERTY_OPTIONS,
  wsgi: image.WSGI_OPTIONS,
  cors: services.CORS_OPTIONS,
  oslo_middleware: services.MIDDLEWARE_OPTIONS,
  healthcheck: services.HEALTHCHECK_OPTIONS,
  oslo_policy: services.POLICY_OPTIONS,
  oslo_limit: LIMIT_OPTIONS,
  oslo_messaging_notifications: NOTIFICATION_OPTIONS,
  oslo_messaging_rabbit: RABBIT_OPTIONS,
  oslo_concurrency: services.CONCURRENCY_OPTIONS,
  profiler: services.PROFILER_OPTIONS,
  key_manager: services.KEY_MANAGER_OPTIONS,
  barbican: services.BARBICAN_OPTIONS,
  barbican_service_user: services.BARBICAN_USER_OPTIONS,
  vault: services.VAULT_OPTIONS,
};

type Groups = typeof OPTIONS;
type ValueOf<O> = O extends Option<infer T> ? T : never;

/** `DEFAULT.image_size_cap` and so on. */
export type OptionKey = {
  [G in keyof Groups & string]: `${G}.${keyof Groups[G] & string}`;
}[keyof Groups & string];

/** Type of the value of `config.get(key)`. */
export type OptionValue<K extends OptionKey> = K extends `${infer G extends keyof Groups & string}.${infer N}`
  ? N extends keyof Groups[G] ? ValueOf<Groups[G][N]> : never
  : never;

/** Name of an option of a store's section. */
export type StoreOptionName = keyof typeof STORE_OPTIONS;

/** Type of the value of `config.store(id).get(name)`. */
export type StoreOptionValue<N extends StoreOptionName> = ValueOf<(typeof STORE_OPTIONS)[N]>;

/** Sections that are stores of the service itself in the multi-store mode (docs/reference/configuration.md §9). */
export const RESERVED_STORES: Readonly<Record<string, string>> = {
  os_glance_staging_store: "/var/lib/glance/os_glance_staging_store",
  os_glance_tasks_store: "/var/lib/glance/os_glance_tasks_store",
};

/** Returns the option `name` of a regular group, if it exists. */
export function findOption(group: string, name: string): Option<unknown> | undefined {
  if (!Object.hasOwn(OPTIONS, group)) return undefined;
  const options: Readonly<Record<string, Option<unknown>>> = OPTIONS[group as keyof Groups];
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

/** Returns the present name of the option of a regular group with the old name `old`, if it exists. */
export function findOldOption(group: string, old: string): string | undefined {
  const options: Readonly<Record<string, Option<unknown>>> = OPTIONS[group as keyof Groups];
  return Object.keys(options).find((name) => options[name]!.aliases.includes(old));
}

/** Returns the option `name` of a store's section, if it exists. */
export function findStoreOption(name: string): Option<unknown> | undefined {
  return Object.hasOwn(STORE_OPTIONS, name) ? STORE_OPTIONS[name as StoreOptionName] : undefined;
}
