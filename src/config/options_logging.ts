import { bool, choice, int, list, str } from "./option.ts";

const HEAD = "%(asctime)s.%(msecs)03d %(process)d";

/** `[DEFAULT]`: logging (docs/reference/configuration.md §2.2). */
export const LOGGING_OPTIONS = {
  log_file: str({ aliases: ["logfile"], help: "Log file; a relative name lies in log_dir." }),
  log_dir: str({
    aliases: ["logdir"],
    help: "Directory of the log file; without log_file it is named after the program.",
  }),
  use_stderr: bool({
    default: false,
    help: "Log to standard error. With neither this nor a log file, the log goes to standard output.",
  }),
  use_journal: bool({ default: false, acts: false, help: "Log to systemd's journal." }),
  use_syslog: bool({ default: false, acts: false, help: "Log to syslog." }),
  syslog_log_facility: str({ default: "LOG_USER", acts: false, help: "Facility of syslog." }),
  use_json: bool({ default: false, help: "Log one JSON object a line." }),
  log_config_append: str({
    aliases: ["log_config", "log-config"],
    help: "Python logging configuration, of which only the levels of the root and glance loggers are used.",
  }),
  log_date_format: str({ default: "%Y-%m-%d %H:%M:%S", help: "strftime format of %(asctime)s." }),
  logging_context_format_string: str({
    default: `${HEAD} %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] ` +
      "%(instance)s%(message)s",
    help: "Format of lines that belong to a request.",
  }),
  logging_default_format_string: str({
    default: `${HEAD} %(levelname)s %(name)s [-] %(instance)s%(message)s`,
    help: "Format of lines that belong to no request.",
  }),
  logging_debug_format_suffix: str({
    default: "%(funcName)s %(pathname)s:%(lineno)d",
    acts: false,
    help: "Format of the source position at the end of DEBUG lines.",
  }),
  logging_exception_prefix: str({
    default: `${HEAD} ERROR %(name)s %(instance)s`,
    help: "Start of each line of a stack trace.",
  }),
  logging_user_identity_format: str({
    default: "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s",
    help: "Format of %(user_identity)s; a missing part is `-`.",
  }),
  default_log_levels: list({
    default: [
      "amqp=WARN",
      "amqplib=WARN",
      "boto=WARN",
      "sqlalchemy=WARN",
      "suds=INFO",
      "oslo.messaging=INFO",
      "oslo_messaging=INFO",
      "iso8601=WARN",
      "requests.packages.urllib3.connectionpool=WARN",
      "urllib3.connectionpool=WARN",
      "websocket=WARN",
      "requests.packages.urllib3.util.retry=WARN",
      "urllib3.util.retry=WARN",
      "keystonemiddleware=WARN",
      "routes.middleware=WARN",
      "stevedore=WARN",
      "taskflow=WARN",
      "keystoneauth=WARN",
      "oslo.cache=INFO",
      "oslo_policy=INFO",
      "dogpile.core.dogpile=INFO",
    ],
    help: "Levels of single loggers, as logger=LEVEL.",
  }),
  log_rotation_type: choice({
    choices: ["none", "interval", "size"],
    default: "none",
    ignoreCase: true,
    acts: false,
    help: "Rotation inside the process. Use logrotate: the log file is opened again after it was moved.",
  }),
  log_rotate_interval: int({
    default: 1,
    acts: false,
    help: "Units of log_rotate_interval_type between two rotations.",
  }),
  log_rotate_interval_type: str({ default: "days", acts: false, help: "Unit of log_rotate_interval." }),
  max_logfile_size_mb: int({
    default: 200,
    acts: false,
    help: "Size in MB at which the log file is rotated.",
  }),
  max_logfile_count: int({ default: 30, acts: false, help: "Rotated log files to keep." }),
  rate_limit_interval: int({ default: 0, acts: false, help: "Seconds for which rate_limit_burst counts." }),
  rate_limit_burst: int({ default: 0, acts: false, help: "Log lines in that time; 0 means no limit." }),
  rate_limit_except_level: str({
    default: "CRITICAL",
    acts: false,
    help: "Level from which lines are never dropped.",
  }),
  publish_errors: bool({ default: false, acts: false, help: "Send errors as notifications." }),
  fatal_deprecations: bool({ default: false, acts: false, help: "Stop at a deprecated feature." }),
  instance_format: str({
    default: "[instance: %(uuid)s] ",
    acts: false,
    help: "Format of the id of a server. Used by Nova.",
  }),
  instance_uuid_format: str({
    default: "[instance: %(uuid)s] ",
    acts: false,
    help: "Format of the UUID of a server. Used by Nova.",
  }),
  log_color: bool({ default: false, acts: false, help: "Colours on a terminal." }),
};
