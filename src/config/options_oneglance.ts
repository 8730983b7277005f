import { bool, choice, float, int, list, str } from "./option.ts";

/** `[oneglance]`: options that upstream does not have. */
export const ONEGLANCE_OPTIONS = {
  data_dir: str({
    help: "Directory of the database, the images and the staging area when there is no configuration file.",
  }),
  identity_headers_from: list({
    default: [],
    help: "Addresses or networks of the proxies whose X-User-Id, X-Project-Id, X-Roles and other identity " +
      "headers are trusted.",
  }),
  allow_open_access: bool({
    default: false,
    help: "Allow a flavor without authentication on addresses other than loopback.",
  }),
  keystone_timeout: int({
    default: 60,
    min: 1,
    max: 2000000,
    help: "Seconds for a whole answer of Keystone; a longer http_connect_timeout takes precedence.",
  }),
  ignored_paste_filters: list({
    default: [],
    help: "Filters of the paste file that oneglance does not have and that may be left out.",
  }),
  graceful_shutdown_timeout: int({
    default: 60,
    min: 0,
    aliases: ["DEFAULT.graceful_shutdown_timeout"],
    help: "Seconds that transfers in progress may take after SIGTERM; 0 means no limit.",
  }),
  max_json_body: int({ default: 1048576, min: 1, help: "Largest JSON body of a request, in bytes." }),
  json_body_timeout: float({
    default: 60,
    min: 0,
    help: "Seconds in which a whole JSON body must arrive; 0 means no limit.",
  }),
  max_connections: int({
    default: 4096,
    min: 1,
    help:
      "Connections at a time; fewer when the process may not open two files for each. At the limit, a new " +
      "connection closes one that waits for a request; if none does, new ones wait.",
  }),
  max_connections_per_address: int({
    default: 0,
    min: 0,
    help: "Connections at a time from one address, which may be a proxy's; 0 means no limit.",
  }),
  max_requests_per_address: float({
    default: 0,
    min: 0,
    help:
      "Requests a second from one address, which may be a proxy's, on average over five seconds; requests " +
      "beyond get 429. 0 means no limit.",
  }),
  max_request_head: int({
    default: 65536,
    min: 4096,
    max: 16777216,
    help: "Bytes of the request line and all headers; a larger max_header_line is added to it.",
  }),
  max_request_headers: int({ default: 100, min: 10, max: 1000, help: "Number of headers in a request." }),
  request_head_timeout: float({
    default: 30,
    min: 0,
    help:
      "Seconds in which the request line and the headers must arrive, and in which a new connection must " +
      "begin its first request; 0 means no limit.",
  }),
  body_stall_timeout: float({
    default: 300,
    min: 0,
    help:
      "Seconds without a byte after which an upload, or a read from a web server, is ended; 0 means never.",
  }),
  import_download_timeout: int({
    default: 86400,
    min: 0,
    // A timer of more than 2^31 ms fires at once.
    max: 2000000,
    help:
      "Seconds in which the source of a web-download or glance-download must send all of its data; 0 means " +
      "no limit.",
  }),
  outbound_private: choice({
    choices: ["allow", "deny"],
    default: "allow",
    help:
      "Whether URLs from users (web-download, glance-download, locations of the http store) may lead to " +
      "private, unique-local and shared addresses.",
  }),
  outbound_allowed_networks: list({
    default: [],
    help: "Networks to which URLs from users may lead although their addresses are loopback, link-local or " +
      "otherwise refused, or private with outbound_private = deny.",
  }),
  outbound_denied_networks: list({
    default: [],
    help:
      "Networks to which no web-download, glance-download, location of the http store or http: policy check " +
      "may lead, whatever else allows it.",
  }),
  outbound_denied_hosts: list({
    default: [],
    help: "Hosts that these may not name in their URLs; .example.org means every host below it.",
  }),
  outbound_denied_ports: list({ default: [], help: "Ports that these may not use." }),
  decompression_max_ratio: int({
    default: 2000,
    min: 0,
    help:
      "Factor by which imported data may grow when it is decompressed; 0 means no limit. image_size_cap " +
      "applies as well.",
  }),
  conversion_timeout: int({
    default: 3600,
    min: 1,
    help: "Seconds that a conversion may take, both of CPU time and of elapsed time.",
  }),
  conversion_memory: int({
    default: 4294967296,
    min: 268435456,
    help: "Bytes of address space that qemu-img may use for a conversion.",
  }),
  task_lease_timeout: int({
    default: 120,
    min: 1,
    help:
      "Seconds without a sign of life after which the tasks of a process on another machine are taken over.",
  }),
  notification_max_age: int({
    default: 86400,
    min: 0,
    help: "Seconds after which a notification that could not be sent is dropped; 0 means never.",
  }),
  signature_certificates_dir: str({
    help:
      "Directory of the certificates of signed images, as UUID.pem, UUID.crt or UUID.der; searched before " +
      "the key manager.",
  }),
  force_network_filesystem: bool({
    default: false,
    help: "Allow the database file on a network filesystem, where file locks are unreliable.",
  }),
};
