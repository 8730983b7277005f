import { bool, float, int, str } from "./option.ts";

/** `[oslo_messaging_rabbit]` (docs/reference/configuration.md §15). */
export const RABBIT_OPTIONS = {
  ssl: bool({ default: false, aliases: ["rabbit_use_ssl"], help: "Use TLS to the message bus." }),
  ssl_ca_file: str({
    default: "",
    aliases: ["kombu_ssl_ca_certs"],
    help: "CA certificates that sign the broker's certificate.",
  }),
  ssl_cert_file: str({
    default: "",
    aliases: ["kombu_ssl_certfile"],
    help: "Client certificate for the broker.",
  }),
  ssl_key_file: str({ default: "", aliases: ["kombu_ssl_keyfile"], help: "Key of ssl_cert_file." }),
  ssl_enforce_hostname_verification: bool({
    default: true,
    acts: false,
    help: "Check that the broker's certificate is for its name. It is always checked.",
  }),
  ssl_version: str({
    default: "",
    acts: false,
    aliases: ["kombu_ssl_version"],
    help: "Version of TLS. The broker and this program agree on the newest that both speak.",
  }),
  ssl_enforce_fips_mode: bool({ default: false, acts: false, help: "Switch OpenSSL to FIPS mode." }),
  rabbit_quorum_queue: bool({
    default: false,
    help: "Declare the queues of notifications as quorum queues (replicated and durable).",
  }),
  rabbit_transient_quorum_queue: bool({
    default: false,
    acts: false,
    help: "Declare reply and fanout queues of RPC as quorum queues.",
  }),
  rabbit_quorum_delivery_limit: int({
    default: 0,
    acts: false,
    help: "Deliveries after which a quorum queue drops or dead-letters a message; 0 means no limit.",
  }),
  rabbit_quorum_max_memory_length: int({
    default: 0,
    acts: false,
    help: "Messages that a quorum queue keeps in memory; 0 means no limit.",
  }),
  rabbit_quorum_max_memory_bytes: int({
    default: 0,
    acts: false,
    help: "Bytes that a quorum queue keeps in memory; 0 means no limit.",
  }),
  rabbit_stream_fanout: bool({
    default: false,
    acts: false,
    help: "Use stream queues for fanout messages of RPC.",
  }),
  rabbit_qos_prefetch_count: int({
    default: 0,
    acts: false,
    help: "Messages that a consumer fetches ahead; 0 means no limit.",
  }),
  rabbit_ha_queues: bool({
    default: false,
    acts: false,
    help: "Mirror the queues (x-ha-policy), as RabbitMQ did before version 3.",
  }),
  rabbit_transient_queues_ttl: int({
    default: 1800,
    acts: false,
    help: "Seconds after which an unused reply or fanout queue is deleted.",
  }),
  rabbit_login_method: str({
    default: "AMQPLAIN",
    acts: false,
    help: "SASL mechanism of the login: PLAIN, AMQPLAIN, EXTERNAL or RABBIT-CR-DEMO.",
  }),
  rabbit_retry_interval: int({
    default: 1,
    help: "Seconds to wait before the first attempt to connect again.",
  }),
  rabbit_retry_backoff: int({ default: 2, help: "Seconds by which this wait grows with each attempt." }),
  rabbit_interval_max: int({
    default: 30,
    help: "Longest wait between two attempts to connect, in seconds.",
  }),
  use_queue_manager: bool({
    default: false,
    acts: false,
    help: "Give the reply queues of RPC names that stay the same after a restart.",
  }),
  hostname: str({ acts: false, help: "Host name in the queue names that use_queue_manager makes." }),
  processname: str({ acts: false, help: "Process name in the queue names that use_queue_manager makes." }),
  heartbeat_timeout_threshold: int({
    default: 60,
    help: "Seconds without a heartbeat after which the connection counts as lost.",
  }),
  heartbeat_rate: int({
    default: 3,
    acts: false,
    help: "Heartbeat checks within heartbeat_timeout_threshold.",
  }),
  heartbeat_in_pthread: bool({
    default: false,
    acts: false,
    help: "Send heartbeats from a native thread of Python.",
  }),
  amqp_durable_queues: bool({ default: false, help: "Declare queues that survive a restart of the broker." }),
  amqp_auto_delete: bool({
    default: false,
    help: "Declare queues that the broker deletes when their last consumer is gone.",
  }),
  rpc_conn_pool_size: int({
    default: 30,
    acts: false,
    help: "Connections in the pool of RPC. Notifications use one connection.",
  }),
  kombu_reconnect_delay: float({
    default: 1,
    acts: false,
    help: "Seconds that kombu waits before it connects again; see rabbit_retry_interval.",
  }),
  kombu_reconnect_splay: float({
    default: 0,
    acts: false,
    help: "Seconds of random wait that kombu adds to kombu_reconnect_delay.",
  }),
  kombu_compression: str({
    acts: false,
    help: "Compression of messages (gzip, bz2). Messages are never compressed.",
  }),
  kombu_missing_consumer_retry_timeout: int({
    default: 60,
    acts: false,
    help: "Seconds to wait for a missing RPC client before its reply is dropped.",
  }),
  kombu_failover_strategy: str({
    default: "round-robin",
    acts: false,
    help: "How kombu chooses the next broker of transport_url.",
  }),
};
