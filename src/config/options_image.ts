import { bool, boundedList, boundedPorts, choice, dict, int, list, str } from "./option.ts";
import { parseHost } from "./types.ts";

/** `[image_format]` (docs/reference/configuration.md §3). */
export const IMAGE_FORMAT_OPTIONS = {
  container_formats: list({
    default: ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
    aliases: ["DEFAULT.container_formats"],
    help: "Accepted values of `container_format`.",
  }),
  disk_formats: list({
    default: ["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"],
    aliases: ["DEFAULT.disk_formats"],
    help: "Accepted values of `disk_format`.",
  }),
  vmdk_allowed_types: list({
    default: ["streamOptimized", "monolithicSparse"],
    help: "VMDK create-types that import and conversion accept; empty means none.",
  }),
  require_image_format_match: bool({
    default: true,
    help: "Refuse data of a `bare` image whose content does not match `disk_format`.",
  }),
  gpt_safety_checks_nonfatal: list({ default: [], help: "Safety checks of GPT images that only warn." }),
};

/** `[paste_deploy]` (docs/reference/configuration.md §4). */
export const PASTE_OPTIONS = {
  flavor: str({
    help: "Filters in front of the API: keystone, caching, cachemanagement, or keystone+…; with a paste " +
      "file any that it has a pipeline for.",
  }),
  config_file: str({
    help:
      "Paste file, whose pipeline decides; by default that of the last configuration file with -paste.ini for " +
      ".conf, when it exists.",
  }),
};

/** `[task]` (docs/reference/configuration.md §7). */
export const TASK_OPTIONS = {
  task_time_to_live: int({
    default: 48,
    aliases: ["DEFAULT.task_time_to_live"],
    help: "Hours that a finished task stays listed.",
  }),
  task_executor: choice({
    choices: ["taskflow"],
    default: "taskflow",
    acts: false,
    help: "Executor of tasks; there is only this one.",
  }),
  work_dir: str({
    acts: false,
    help: "Directory for temporary data of the legacy import task in the single-store mode.",
  }),
};

/** `[taskflow_executor]` (docs/reference/configuration.md §7). */
export const TASKFLOW_OPTIONS = {
  engine_mode: choice({
    choices: ["parallel", "serial"],
    default: "parallel",
    acts: false,
    help: "Whether steps may run at the same time.",
  }),
  max_workers: int({
    default: 10,
    min: 1,
    aliases: ["task.eventlet_executor_pool_size"],
    help: "Steps at the same time.",
  }),
  conversion_format: choice({
    choices: ["qcow2", "raw", "vmdk"],
    help: "Format to which the legacy import task converts; unset means that it does not.",
  }),
};

/** `[image_import_opts]` (docs/reference/configuration.md §7). */
export const IMPORT_OPTIONS = {
  image_import_plugins: boundedList({
    default: [],
    quotes: true,
    help:
      "Steps of an import, in order: no_op, inject_image_metadata, image_conversion, image_decompression.",
  }),
  max_parallel_stores: int({
    default: 1,
    min: 1,
    help: "Stores to which one import writes at the same time.",
  }),
};

/** `[import_filtering_opts]` (docs/reference/configuration.md §7); a non-empty allow list makes its deny list void. */
export const IMPORT_FILTER_OPTIONS = {
  allowed_schemes: boundedList({
    default: ["http", "https"],
    quotes: true,
    help: "URI schemes of web-download.",
  }),
  disallowed_schemes: boundedList({ default: [], quotes: true, help: "URI schemes refused." }),
  allowed_hosts: boundedList({ default: [], item: parseHost, help: "Hosts of web-download." }),
  disallowed_hosts: boundedList({ default: [], item: parseHost, help: "Hosts refused." }),
  allowed_ports: boundedPorts({ default: [80, 443], help: "Ports of web-download." }),
  disallowed_ports: boundedPorts({ default: [], help: "Ports refused." }),
};

/** `[inject_metadata_properties]` (docs/reference/configuration.md §7). */
export const INJECT_OPTIONS = {
  ignore_user_roles: list({ default: ["admin"], help: "Roles whose images get no injected properties." }),
  inject: dict({ help: "Properties set on imported images." }),
};

/** `[image_conversion]` (docs/reference/configuration.md §7). */
export const CONVERSION_OPTIONS = {
  output_format: choice({
    choices: ["qcow2", "raw", "vmdk"],
    default: "raw",
    help: "Target of the image_conversion plugin.",
  }),
};

/** `[glance_download_properties]` (docs/reference/configuration.md §7). */
export const DOWNLOAD_PROPERTY_OPTIONS = {
  extra_properties: boundedList({
    default: ["hw_", "trait:", "os_distro", "os_secure_boot", "os_type"],
    quotes: true,
    help: "Prefixes of the properties that glance-download copies.",
  }),
};

/** `[wsgi]` (docs/reference/configuration.md §7). */
export const WSGI_OPTIONS = {
  task_pool_threads: int({
    acts: false,
    default: 16,
    min: 1,
    help: "Imports that one process runs at the same time.",
  }),
  python_interpreter: str({ acts: false, help: "Interpreter of privileged helpers." }),
};
