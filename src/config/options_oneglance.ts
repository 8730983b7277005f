import { bool, choice, float, int, list, str } from "./option.ts";

/** `[oneglance]`: what upstream has no option for. */
export const ONEGLANCE_OPTIONS = {
  data_dir: str({
    help: "Directory of database, images and staging area of a start without configuration.",
  }),
  identity_headers_from: list({
    default: [],
    help: "Addresses or networks of proxies whose X-User-Id, X-Project-Id, X-Roles and so on are believed.",
  }),
  allow_open_access: bool({
    default: false,
    help: "Permit a flavor without authentication on an address other than loopback.",
  }),
  keystone_timeout: int({
    default: 60,
    min: 1,
    max: 2000000,
    help:
      "Seconds that the whole of an answer of Keystone may take; a longer http_connect_timeout holds instead.",
  }),
  ignored_paste_filters: list({
    default: [],
    help: "Names of filters of the paste file that oneglance does not have and may do without.",
  }),
  graceful_shutdown_timeout: int({
    default: 60,
    min: 0,
    aliases: ["DEFAULT.graceful_shutdown_timeout"],
    help: "Seconds that transfers in flight may take to end after SIGTERM; 0 means no limit.",
  }),
  max_json_body: int({ default: 1048576, min: 1, help: "Largest JSON body of a request, in bytes." }),
  json_body_timeout: float({
    default: 60,
    min: 0,
    help: "Seconds in which all of a JSON body must come; 0 means no limit.",
  }),
  max_connections: int({
    default: 4096,
    min: 1,
    help:
      "Connections at a time; fewer where the process may not open two files for each. Beyond that one that waits " +
      "for a request is closed for each new one, and when none does, new ones wait.",
  }),
  max_connections_per_address: int({
    default: 0,
    min: 0,
    help: "Connections at a time from one address, that of a proxy included; 0 means no limit of its own.",
  }),
  max_requests_per_address: float({
    default: 0,
    min: 0,
    help:
      "Requests a second from one address, that of a proxy included, on average over five seconds; beyond that " +
      "they are answered 429. 0 means no limit.",
  }),
  max_request_head: int({
    default: 65536,
    min: 4096,
    max: 16777216,
    help:
      "Bytes of the first line and all headers of a request; a max_header_line that is larger is added to it.",
  }),
  max_request_headers: int({ default: 100, min: 10, max: 1000, help: "Headers of a request." }),
  request_head_timeout: float({
    default: 30,
    min: 0,
    help:
      "Seconds in which the first line and the headers of a request must come, and the first request of a " +
      "connection begin; 0 means no limit.",
  }),
  body_stall_timeout: float({
    default: 300,
    min: 0,
    help:
      "Seconds after which an upload, or data that is read from a web server, that brings no byte is ended; " +
      "0 means never.",
  }),
  import_download_timeout: int({
    default: 86400,
    min: 0,
    // A timer of more than 2^31 ms fires at once.
    max: 2000000,
    help:
      "Seconds that the source of a web-download or glance-download may take to send all of its data; 0 means " +
      "no limit.",
  }),
  outbound_private: choice({
    choices: ["allow", "deny"],
    default: "allow",
    help:
      "Whether URLs given by users (web-download, glance-download, locations of the http store) reach private, " +
      "unique-local and shared addresses.",
  }),
  outbound_allowed_networks: list({
    default: [],
    help:
      "Networks that URLs given by users reach although they are loopback, link-local or otherwise refused, or " +
      "private where outbound_private denies those.",
  }),
  outbound_denied_networks: list({
    default: [],
    help:
      "Networks that no web-download, glance-download, location of the http store or http: policy check " +
      "reaches, whatever else allows it.",
  }),
  outbound_denied_hosts: list({
    default: [],
    help:
      "Hosts that none of these reaches, as their URLs write them; .example.org means every host below it.",
  }),
  outbound_denied_ports: list({ default: [], help: "Ports that none of these reaches." }),
  decompression_max_ratio: int({
    default: 2000,
    min: 0,
    help: "How many times larger imported data may become when it is decompressed; 0 means no limit. " +
      "image_size_cap holds besides.",
  }),
  conversion_timeout: int({
    default: 3600,
    min: 1,
    help: "Seconds, of CPU and on the clock, that a conversion may take.",
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
      "Seconds after which the tasks of a process on another machine that gives no sign of life are taken over.",
  }),
  notification_max_age: int({
    default: 86400,
    min: 0,
    help: "Seconds after which a notification that could not be sent is dropped; 0 means never.",
  }),
  signature_certificates_dir: str({
    help:
      "Directory of certificates of signed images, each as UUID.pem, UUID.crt or UUID.der; looked at before the key " +
      "manager.",
  }),
  force_network_filesystem: bool({
    default: false,
    help: "Permit the database file on a network filesystem, where locks are not to be trusted.",
  }),
};
