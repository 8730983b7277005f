/**
 * Compares docs/compatibility.md with the program: the routes, groups of options, drivers of stores and commands in
 * backquotes in the first columns.
 */
import type { Breach } from "./layers.ts";

const PATH = "docs/compatibility.md";
const STATUSES = ["done", "differs", "not yet", "out", "ours"];
const METHOD = /^(GET|POST|PUT|PATCH|DELETE)$/;

/** What the program has. */
export interface Facts {
  /** `GET /v2/images/{}`: parameters without their names. */
  routes: ReadonlySet<string>;
  /** Whether the program acts on any option of the group. */
  groups: ReadonlyMap<string, boolean>;
  isOption(group: string, name: string): boolean;
  drivers: ReadonlySet<string>;
  /** `oneglance db sync`, `glance-manage db sync`, `glance-api`. */
  commands: ReadonlySet<string>;
}

interface Row {
  line: number;
  /** Head of the first column of its table. */
  kind: string;
  cells: string[];
  status: string;
}

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let head: string[] | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith("|")) head = null;
    else if (!/^\|-/.test(line)) {
      const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
      const column = head?.indexOf("Status") ?? -1;
      if (head === null) head = cells;
      else if (column >= 0) rows.push({ line: index + 1, kind: head[0]!, cells, status: cells[column]! });
    }
  }
  return rows;
}

/** Returns the texts in backquotes. */
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, token]) => token!);

/** Returns the routes of a cell: `GET`, `PUT /a`, `/b` are GET and PUT of both paths. */
function routesIn(cell: string): string[] {
  const routes: string[] = [];
  let methods: string[] = [];
  let used = false;
  for (const token of quoted(cell)) {
    const [first, path] = token.startsWith("/") ? ["", token] : token.split(" ") as [string, string?];
    if (METHOD.test(first)) {
      methods = used ? [first] : [...methods, first];
      used = false;
    }
    if (!path?.startsWith("/")) continue;
    used = true;
    for (const method of methods) routes.push(`${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
  }
  return routes;
}

/** Returns the commands of a cell; one without its program or group has those of the previous: `db version`, `check`. */
function commandsIn(cell: string): string[] {
  const commands: string[] = [];
  for (const token of quoted(cell)) {
    const whole = /^(oneglance|glance-)/.test(token);
    commands.push(whole ? token : [...(commands.at(-1) ?? "").split(" ").slice(0, -1), token].join(" "));
  }
  return commands;
}

function namesIn({ kind, cells }: Row): string[] {
  const [first, second = ""] = cells as [string, string?];
  switch (kind) {
    case "Route":
      return routesIn(first);
    case "Group":
      return [...first.matchAll(/\[(\w+)\]/g)].map(([, group]) => group!);
    case "Driver":
      return [first];
    case "Glance's":
      return [...commandsIn(first), ...commandsIn(second)];
    default:
      return [];
  }
}

/** Returns the known names that a ledger's name means; `…` at its end means all with this beginning. */
function meant(name: string, known: Iterable<string>): string[] {
  const start = name.endsWith("…") ? name.slice(0, -1).trim() : null;
  return [...known].filter((each) => start === null ? each === name : each.startsWith(start));
}

/** Returns every difference between the ledger and the program, in the order of the ledger. */
export function checkLedger(text: string, facts: Facts): Breach[] {
  const known: Record<string, readonly string[]> = {
    Route: [...facts.routes],
    Group: [...facts.groups.keys()],
    Driver: [...facts.drivers],
    "Glance's": [...facts.commands],
  };
  const breaches: Breach[] = [];
  const say = (line: number, message: string) => breaches.push({ path: PATH, line, message });
  const seen = new Set<string>();
  for (const row of rowsOf(text)) {
    const { line, kind, status } = row;
    if (!STATUSES.includes(status)) say(line, `'${status}' is no status`);
    const there = status !== "not yet" && status !== "out";
    for (const name of namesIn(row)) {
      const found = meant(name, known[kind]!);
      for (const each of found) seen.add(each);
      if (kind === "Group") {
        if (found.length === 0) say(line, `there is no group [${name}]`);
        else if (name !== "DEFAULT" && facts.groups.get(name) !== there) {
          say(
            line,
            `[${name}] is ${status}, but oneglance ${there ? "acts on no" : "acts on an"} option of it`,
          );
        }
      } else if (there && found.length === 0) say(line, `${name} is ${status}, but is not there`);
      else if (!there && found.length > 0) say(line, `${name} is ${status}, but is there`);
    }
    const option = /`(?:\[(\w+)\] )?([a-z]+(?:_[a-z]+)+)`/g;
    for (const [, group, name] of kind === "Group" ? row.cells.join(" ").matchAll(option) : []) {
      const groups = group ? [group] : [...namesIn(row), "DEFAULT"];
      if (!groups.some((each) => facts.isOption(each, name!))) say(line, `there is no option ${name}`);
    }
  }
  for (const name of Object.values(known).flat()) {
    if (!seen.has(name)) say(1, `${name} has no row`);
  }
  return breaches;
}
