import { bool, boundedList, choice, dict, host, int, list, multi, port, str } from "./option.ts";

/** `[DEFAULT]`: listening (docs/reference/configuration.md §2; upstream removed these options in 2026.2). */
export const LISTEN_OPTIONS = {
  bind_host: host({ default: "0.0.0.0", help: "Address to listen on." }),
  bind_port: port({ default: 9292, help: "Port to listen on." }),
  workers: int({
    min: 0,
    acts: false,
    help: "Worker processes that share the port. oneglance always serves with one process.",
  }),
  backlog: int({ default: 4096, min: 1, acts: false, help: "Length of the queue of the listening socket." }),
  http_keepalive: bool({ default: true, help: "Keep connections open between requests." }),
  client_socket_timeout: int({
    default: 900,
    min: 0,
    help:
      "Seconds after which a connection without a request, or with a client that does not read its answer, " +
      "is closed; 0 means never.",
  }),
  tcp_keepidle: int({
    default: 600,
    min: 1,
    acts: false,
    help: "TCP_KEEPIDLE of accepted sockets, in seconds.",
  }),
  max_header_line: int({
    default: 16384,
    min: 0,
    help: "Longest line of a request's head, in bytes; 0 means that only max_request_head applies.",
  }),
  public_endpoint: str({
    help: "URL that version documents and links show. Unset: the URL of the request.",
  }),
  worker_self_reference_url: str({
    help: "URL by which other nodes reach this one; stored with staged data and in the cache's accounting.",
  }),
  max_request_id_length: int({
    default: 64,
    min: 0,
    help: "Longest X-Openstack-Request-ID that is accepted from a client.",
  }),
};

/** `[DEFAULT]`: the image API (docs/reference/configuration.md §2). */
export const API_OPTIONS = {
  debug: bool({ default: false, help: "Log at level DEBUG, and list all options at start." }),
  enabled_backends: dict({
    help:
      "Stores as id:type pairs; switches the multi-store mode on. Each id is also the section of its options.",
  }),
  enabled_import_methods: boundedList({
    default: ["glance-direct", "web-download", "copy-image"],
    quotes: true,
    help: "Enabled import methods, out of glance-direct, web-download, copy-image and glance-download. " +
      "[] switches import off.",
  }),
  allow_anonymous_access: bool({
    default: false,
    help: "With a keystone flavor, treat a request without identity as a read-only caller without roles " +
      "instead of 401.",
  }),
  limit_param_default: int({ default: 25, min: 1, help: "Page size of lists when `limit` is absent." }),
  api_limit_max: int({ default: 1000, min: 1, help: "Largest page of a list." }),
  image_member_quota: int({ default: 128, help: "Members of one image; negative means no limit." }),
  image_property_quota: int({ default: 128, help: "Properties of one image; negative means no limit." }),
  image_tag_quota: int({ default: 128, help: "Tags of one image; negative means no limit." }),
  image_location_quota: int({ default: 10, help: "Locations of one image; negative means no limit." }),
  image_size_cap: int({
    default: 1099511627776,
    min: 1,
    max: 9223372036854775807n,
    help: "Largest image, in bytes; both the declared and the received size count.",
  }),
  user_storage_quota: str({
    default: "0",
    help:
      "Bytes one owner may store, with an optional unit B, KB, MB, GB or TB (powers of 1024); 0 means no " +
      "limit. Ignored with use_keystone_limits.",
  }),
  use_keystone_limits: bool({ default: false, help: "Take quotas from Keystone's unified limits." }),
  show_image_direct_url: bool({ default: false, help: "Show `direct_url` in images." }),
  show_multiple_locations: bool({
    default: false,
    help: "Show `locations` in images and let PATCH change them.",
  }),
  do_secure_hash: bool({
    default: true,
    help: "Compute checksum and hash of images whose location was added by the location API.",
  }),
  http_retries: int({ default: 3, help: "Attempts of that hash job to read the data." }),
  hashing_algorithm: str({ default: "sha512", help: "Algorithm of `os_hash_value` for new data." }),
  metadata_encryption_key: str({
    secret: true,
    help: "AES key of 16, 24 or 32 bytes for location URLs in the database.",
  }),
  digest_algorithm: str({ default: "sha256", acts: false, help: "Without effect, also in Glance." }),
  node_staging_uri: str({
    default: "file:///tmp/staging/",
    help: "Staging area of the single-store mode; a file:// URI.",
  }),
  property_protection_file: str({ help: "File of property protections; unset means none." }),
  property_protection_rule_format: choice({
    choices: ["roles", "policies"],
    default: "roles",
    help: "Kind of the right-hand sides in the property protection file.",
  }),
  delayed_delete: bool({
    default: false,
    help: "A deleted image stays pending_delete until the scrubber removes its data.",
  }),
  scrub_time: int({ acts: false, default: 0, min: 0, help: "Seconds between deletion and scrubbing." }),
  scrub_pool_size: int({ acts: false, default: 1, min: 1, help: "Images scrubbed at the same time." }),
  wakeup_time: int({ acts: false, default: 300, min: 0, help: "Seconds between two runs of the scrubber." }),
  daemon: bool({ acts: false, default: false, help: "Run the scrubber as a daemon." }),
  restore: str({ acts: false, help: "Image that the scrubber restores from pending_delete." }),
  metadata_source_path: str({
    default: "/etc/glance/metadefs/",
    help: "Directory or file of metadata definitions to load.",
  }),
  disabled_notifications: list({ default: [], help: "Event types, or groups of them, not to send." }),
  default_publisher_id: str({ default: "image.localhost", help: "`publisher_id` of notifications." }),
  transport_url: str({ secret: true, help: "URL of the message bus." }),
  control_exchange: str({ default: "glance", help: "Exchange of notifications." }),
  pydev_worker_debug_host: host({ acts: false, help: "Host of a Python debugger." }),
  pydev_worker_debug_port: port({ default: 5678, acts: false, help: "Port of a Python debugger." }),
  owner_is_tenant: bool({
    default: true,
    acts: false,
    help: "Gone since Wallaby; `false` makes `glance-status upgrade check` fail.",
  }),
};

/** `[DEFAULT]`: the image cache (docs/reference/configuration.md §2.1). */
export const CACHE_OPTIONS = {
  image_cache_dir: str({
    help:
      "Directory of the image cache. There is no cache yet; the list of versions depends on whether this is set.",
  }),
  image_cache_driver: choice({
    acts: false,
    choices: ["centralized_db", "sqlite", "xattr"],
    default: "centralized_db",
    help: "Where the cache keeps its accounting.",
  }),
  image_cache_max_size: int({
    acts: false,
    default: 10737418240,
    min: 0,
    help: "Size in bytes to which the pruner reduces the cache; not a limit on insertion.",
  }),
  image_cache_stall_time: int({
    acts: false,
    default: 86400,
    min: 0,
    help: "Age in seconds at which the cleaner removes an incomplete file.",
  }),
  image_cache_sqlite_db: str({
    acts: false,
    default: "cache.db",
    help: "File name of the accounting of the `sqlite` driver, inside image_cache_dir.",
  }),
  cache_prefetcher_interval: int({
    default: 300,
    acts: false,
    help: "Seconds between two runs of the prefetcher. oneglance has no image cache.",
  }),
};

/** `[oslo_messaging_notifications]` (docs/reference/configuration.md §15). */
export const NOTIFICATION_OPTIONS = {
  driver: multi({
    default: [],
    aliases: ["DEFAULT.notification_driver"],
    help: "Drivers of notifications: messagingv2, messaging, log, noop, test, routing.",
  }),
  topics: list({
    default: ["notifications"],
    aliases: ["DEFAULT.notification_topics"],
    help: "Topics of notifications.",
  }),
  transport_url: str({
    secret: true,
    aliases: ["DEFAULT.notification_transport_url"],
    help: "Message bus of notifications; unset means [DEFAULT] transport_url.",
  }),
  retry: int({ default: -1, help: "Attempts to deliver a notification; -1 means for ever." }),
};
