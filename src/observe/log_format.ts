import { reasonOf } from "./expected.ts";
import type { LogContext, LogRecord } from "./log_record.ts";
import { LEVELS } from "./log_record.ts";
import { maskText } from "./mask.ts";
import { strftime } from "./strftime.ts";

/** Turns a record into its line or lines, each with `\n`. */
export type Formatter = (record: LogRecord) => string;

type Part = (record: LogRecord) => string;

/** The options of oslo.log's text lines (docs/reference/configuration.md §2.2). */
interface TextFormats {
  readonly contextFormat: string;
  readonly defaultFormat: string;
  readonly exceptionPrefix: string;
  readonly userIdentity: string;
  readonly dateFormat: string;
}

/** Compiles the formats once; formats the time once a second. */
export function textFormatter(formats: TextFormats): Formatter {
  const clock = secondClock(formats.dateFormat);
  const identity = compile(formats.userIdentity, contextParts("-"));
  const parts = recordParts(clock, identity);
  const inside = compile(formats.contextFormat, parts);
  const outside = compile(formats.defaultFormat, parts);
  const prefix = compile(formats.exceptionPrefix, parts);
  return (record) => {
    const line = (record.context === null ? outside : inside)(record) + "\n";
    if (!isTraced(record)) return line;
    const start = prefix(record);
    return line + errorLines(record.error).map((each) => `${start}${each}\n`).join("");
  };
}

/** One JSON object a line, with the names of oslo.log's JSON formatter. */
export function jsonFormatter(dateFormat: string, hostname: string): Formatter {
  const clock = secondClock(dateFormat);
  return (record) =>
    JSON.stringify({
      message: maskText(shortened(messageOf(record), MAX_MESSAGE)),
      asctime: clock(record),
      name: record.name,
      levelname: record.level,
      levelno: LEVELS[record.level],
      created: record.time / 1000,
      msecs: record.time % 1000,
      process: Deno.pid,
      hostname,
      traceback: isTraced(record) ? errorLines(record.error) : null,
      error_summary: hasError(record) ? errorLines(record.error)[0] : "",
      context: record.context === null ? {} : jsonContext(record.context),
      extra: record.fields ?? {},
    }) + "\n";
}

/** Bounds of a message and of a line of a stack, in characters: both may contain text of a caller. */
const MAX_MESSAGE = 8192;
const MAX_STACK_LINE = 1024;
/** Lines of a stack at most, with those of what caused it. */
const MAX_STACK_LINES = 60;

/** `text` cut to `most` characters, with the number of those left out. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

/** The message with its reason, and from WARNING on with the work in progress. */
function messageOf(record: LogRecord): string {
  const { message, level, context, error } = record;
  const reason = isTraced(record) ? "" : reasonOf(error);
  const whole = reason === "" || message.includes(reason) ? message : `${message}: ${reason}`;
  const work = LEVELS[level] >= LEVELS.WARNING ? context?.work : undefined;
  return work ? `${whole} (${work})` : whole;
}

/** The stack of an error and of its causes, line by line. */
export function errorLines(error: unknown): string[] {
  const lines: string[] = [];
  for (let each = error, depth = 0; each !== undefined && each !== null && depth < 5; depth++) {
    const text = each instanceof Error ? each.stack ?? String(each) : String(each);
    for (const line of (depth === 0 ? text : `Caused by: ${text}`).split("\n")) {
      if (lines.length === MAX_STACK_LINES) return lines;
      lines.push(printable(maskText(shortened(line, MAX_STACK_LINE))));
    }
    each = each instanceof Error ? each.cause : undefined;
  }
  return lines;
}

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f\u2028\u2029]/;
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f\u2028\u2029]/g;

/** `text` with control characters escaped, so that it stays one line. */
export function printable(text: string): string {
  if (!CONTROL.test(text)) return text;
  return text.replace(CONTROLS, (each) => {
    if (each === "\n") return "\\n";
    if (each === "\r") return "\\r";
    return `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function hasError(record: LogRecord): boolean {
  return record.error !== null && record.error !== undefined;
}

function isTraced(record: LogRecord): boolean {
  return hasError(record) && !record.explained;
}

function secondClock(format: string): Part {
  let second = -1;
  let text = "";
  return ({ time }) => {
    const now = Math.floor(time / 1000);
    if (now !== second) {
      second = now;
      text = strftime(format, new Date(now * 1000));
    }
    return text;
  };
}

/** Compiles `%(name)s` with width and padding; an unknown field gives `-`. */
function compile(format: string, parts: Readonly<Record<string, Part>>): Part {
  const made: (string | Part)[] = [];
  let last = 0;
  for (const match of format.matchAll(/%(?:%|\((\w+)\)([-0]?)(\d*)(?:\.\d+)?[a-zA-Z])/g)) {
    if (match.index > last) made.push(format.slice(last, match.index));
    made.push(
      match[1] === undefined ? "%" : padded(parts[match[1]] ?? (() => "-"), match[2]!, Number(match[3])),
    );
    last = match.index + match[0].length;
  }
  if (last < format.length) made.push(format.slice(last));
  return (record) => {
    let line = "";
    for (const each of made) line += typeof each === "string" ? each : each(record);
    return line;
  };
}

function padded(part: Part, flag: string, width: number): Part {
  if (width === 0) return part;
  if (flag === "-") return (record) => part(record).padEnd(width);
  const fill = flag === "0" ? "0" : " ";
  return (record) => part(record).padStart(width, fill);
}

function recordParts(clock: Part, identity: Part): Record<string, Part> {
  const pid = String(Deno.pid);
  return {
    ...contextParts(""),
    asctime: clock,
    msecs: ({ time }) => String(time % 1000),
    created: ({ time }) => String(time / 1000),
    process: () => pid,
    processName: () => "MainProcess",
    thread: () => "0",
    threadName: () => "MainThread",
    levelname: ({ level }) => level,
    levelno: ({ level }) => String(LEVELS[level]),
    name: ({ name }) => name,
    message: (record) => printable(maskText(shortened(messageOf(record), MAX_MESSAGE))),
    // Upstream prints `None` without a global id; tools that read its logs expect it.
    global_request_id: ({ context }) => printable(context?.globalRequestId ?? "None"),
    request_id: ({ context }) => printable(context?.requestId ?? "-"),
    user_identity: identity,
    instance: () => "",
    resource: () => "",
    color: () => "",
  };
}

function contextParts(missing: string): Record<string, Part> {
  const of = (pick: (context: LogContext) => string | null | undefined): Part => ({ context }) =>
    printable((context === null ? null : pick(context)) || missing);
  return {
    user: of((context) => context.userId),
    user_id: of((context) => context.userId),
    user_name: of((context) => context.userName),
    project: of((context) => context.projectId),
    project_id: of((context) => context.projectId),
    project_name: of((context) => context.projectName),
    tenant: of((context) => context.projectId),
    domain: of((context) => context.domainId),
    system_scope: of((context) => context.systemScope),
    user_domain: of((context) => context.userDomainId),
    project_domain: of((context) => context.projectDomainId),
  };
}

function jsonContext(context: LogContext): Record<string, string | null> {
  return {
    request_id: context.requestId ?? null,
    work: context.work ?? null,
    global_request_id: context.globalRequestId ?? null,
    user: context.userId ?? null,
    user_name: context.userName ?? null,
    project: context.projectId ?? null,
    project_name: context.projectName ?? null,
    domain: context.domainId ?? null,
    system_scope: context.systemScope ?? null,
    user_domain: context.userDomainId ?? null,
    project_domain: context.projectDomainId ?? null,
  };
}
