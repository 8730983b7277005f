/** Resolves the name of an application in a paste file to routes: paths, applications, and the filters before them. */
import { fail } from "../errors.ts";
import { type AppKind, appKind, type FilterKind, filterKind } from "./factories.ts";
import type { PasteSection, PasteSections, PasteValue } from "./python_ini.ts";

/** The product of a section: its factory and options. */
interface Made {
  readonly name: string;
  readonly factory: string;
  readonly options: ReadonlyMap<string, PasteValue>;
}

/** A filter in its place; `line` is that of the pipeline. */
export interface PasteFilter extends Made {
  readonly kind: FilterKind;
  readonly line: number;
}

/** An application at a path; `line` is that of the key that names it. */
interface PasteApp extends Made {
  readonly kind: AppKind;
  readonly line: number;
}

/** The way of a request: through the filters, the first one outermost. */
export interface PasteRoute {
  /** Without a slash at its end: `""`, `/v2`. */
  readonly path: string;
  readonly filters: readonly PasteFilter[];
  readonly app: PasteApp;
}

export interface PasteFile extends PasteSections {
  readonly path: string;
}

/** References between sections followed at most; more form a cycle. */
const DEPTH = 20;
const APP_SECTIONS = ["app", "application", "composite", "composit", "pipeline", "filter-app"];
const APP_FACTORIES = ["paste.app_factory", "paste.composite_factory", "paste.composit_factory"];
const FILTER_FACTORIES = ["paste.filter_factory", "paste.filter_app_factory"];

/**
 * The routes of the application `name`. `flavor` selects the pipeline of a `glance.api:pipeline_factory` composite.
 * @throws GlanceError `config` with `file:line` where upstream does not start either, and for references to other files
 */
export function findRoutes(file: PasteFile, name: string, flavor: string | null): PasteRoute[] {
  const refuse = (line: number, reason: string): never => fail("config", `${file.path}:${line}: ${reason}`);

  /** `egg:…` and `call:…` name a factory; a plain name is a section of the file. */
  const absolute = (named: string, line: number): string | null => {
    if (/^config:/i.test(named)) refuse(line, `"${named}": other paste files are not read`);
    if (/^call:/i.test(named)) return named.slice("call:".length);
    return /^[a-zA-Z]+:/.test(named) ? named : null;
  };

  const find = (prefixes: readonly string[], wanted: string, line: number): PasteSection => {
    const found = [...file.sections.values()].filter((section) => {
      const cut = section.name.indexOf(":");
      return prefixes.includes(section.name.slice(0, cut)) && section.name.slice(cut + 1).trim() === wanted;
    });
    if (found.length > 1) refuse(found[1]!.line, `a second section for "${wanted}"`);
    return found[0] ?? refuse(line, `there is no section [${prefixes[0]}:${wanted}]`);
  };

  /** The section's own options; `set` and `get` use the global ones, which are options of filters too. */
  const local = (section: PasteSection) => {
    const globals = new Map(file.defaults);
    const own = new Map<string, PasteValue>();
    const wanted: [string, PasteValue][] = [];
    for (const [key, value] of section.values) {
      if (key.startsWith("set ")) globals.set(key.slice(4).trim(), value);
      else if (key.startsWith("get ")) wanted.push([key.slice(4).trim(), value]);
      else if (!file.defaults.has(key)) own.set(key, value);
    }
    for (const [key, { value, line }] of wanted) {
      own.set(key, globals.get(value) ?? refuse(line, `there is no key "${value}" in [DEFAULT]`));
    }
    return { own, globals };
  };

  const take = (options: Map<string, PasteValue>, key: string): PasteValue | undefined => {
    const value = options.get(key);
    options.delete(key);
    return value;
  };

  /** The product of a section: its factory or that of the section in `use`, and the options of both. */
  const make = (
    prefixes: readonly string[],
    keys: readonly string[],
    named: string,
    line: number,
    depth: number,
  ): Made & { globals: ReadonlyMap<string, PasteValue> } => {
    const direct = absolute(named, line);
    if (direct !== null) return { name: named, factory: direct, options: new Map(), globals: file.defaults };
    if (depth === 0) refuse(line, `"${named}" refers to itself`);
    const section = find(prefixes, named, line);
    const { own, globals } = local(section);
    const use = take(own, "use");
    if (use !== undefined) {
      const used = make(prefixes, keys, use.value, use.line, depth - 1);
      return { ...used, name: named, options: new Map([...used.options, ...own]), globals };
    }
    const factories = keys.map((key) => take(own, key)).filter((each) => each !== undefined);
    if (factories.length > 1) refuse(factories[1]!.line, `[${section.name}] names two factories`);
    const factory = factories[0]?.value ?? refuse(section.line, `[${section.name}] names no factory`);
    return { name: named, factory, options: own, globals };
  };

  const filterOf = (named: string, line: number, depth: number): PasteFilter[] => {
    const { factory, options, globals } = make(["filter"], FILTER_FACTORIES, named, line, depth);
    return withFilter({ name: named, factory, globals, line, depth }, new Map(options));
  };

  /** A filter, and the filters that `filter-with` puts before it. */
  const withFilter = (
    given: {
      name: string;
      factory: string;
      globals: ReadonlyMap<string, PasteValue>;
      line: number;
      depth: number;
    },
    own: Map<string, PasteValue>,
  ): PasteFilter[] => {
    const before = take(own, "filter-with");
    own.delete("require");
    const { name, factory, globals, line, depth } = given;
    const filter = { name, factory, kind: filterKind(factory), options: new Map([...globals, ...own]), line };
    return [...(before ? filterOf(before.value, before.line, depth - 1) : []), filter];
  };

  const behind = (filters: readonly PasteFilter[], routes: PasteRoute[]): PasteRoute[] =>
    routes.map((route) => ({ ...route, filters: [...filters, ...route.filters] }));

  const pipeline = (text: PasteValue, depth: number): PasteRoute[] => {
    const names = text.value.split(/\s+/).filter((each) => each !== "");
    const last = names.pop() ?? refuse(text.line, "the pipeline is empty");
    const filters = names.flatMap((each) => filterOf(each, text.line, depth - 1));
    return behind(filters, routesOf(last, text.line, depth - 1));
  };

  const urlmap = (options: ReadonlyMap<string, PasteValue>, depth: number): PasteRoute[] =>
    [...options].filter(([key]) => key !== "not_found_app").flatMap(([key, { value, line }]) => {
      if (!key.startsWith("/")) {
        refuse(line, `"${key}": only paths route requests here, not hosts or ports`);
      }
      const path = key.replace(/\/+$/, "");
      return routesOf(value, line, depth - 1).map((route) => ({ ...route, path: path + route.path }));
    });

  function routesOf(named: string, line: number, depth: number): PasteRoute[] {
    if (depth <= 0) refuse(line, `"${named}" refers to itself`);
    const section = absolute(named, line) === null ? find(APP_SECTIONS, named, line) : null;
    if (section?.name.startsWith("pipeline:")) {
      const { own } = local(section);
      const text = take(own, "pipeline") ?? refuse(section.line, `[${section.name}] has no key "pipeline"`);
      const before = take(own, "filter-with");
      const [extra] = own;
      if (extra) refuse(extra[1].line, `"${extra[0]}" does not belong into [${section.name}]`);
      const outer = before ? filterOf(before.value, before.line, depth - 1) : [];
      return behind(outer, pipeline(text, depth));
    }
    if (section?.name.startsWith("filter-app:")) {
      const { own, globals } = local(section);
      const next = take(own, "next") ?? refuse(section.line, `[${section.name}] has no key "next"`);
      const use = take(own, "use");
      const filters = use ? filterOf(use.value, use.line, depth - 1) : withFilter({
        name: named,
        factory: FILTER_FACTORIES.map((key) => take(own, key)).find((each) => each)?.value ??
          refuse(section.line, `[${section.name}] names no factory`),
        globals,
        line: section.line,
        depth,
      }, own);
      return behind(filters, routesOf(next.value, next.line, depth - 1));
    }
    const { globals, ...made } = make(APP_SECTIONS, APP_FACTORIES, named, line, depth);
    const options = new Map(made.options);
    const before = take(options, "filter-with");
    options.delete("require");
    const outer = before ? filterOf(before.value, before.line, depth - 1) : [];
    const kind = appKind(made.factory);
    if (kind === "urlmap") return behind(outer, urlmap(options, depth));
    if (kind === "by_flavor") {
      const key = flavor || "default";
      const text = options.get(key) ??
        refuse(section?.line ?? line, `[${section?.name ?? named}] has no pipeline "${key}"`);
      return behind(outer, pipeline(text, depth));
    }
    const app = {
      name: named,
      factory: made.factory,
      kind,
      options: new Map([...globals, ...options]),
      line,
    };
    return behind(outer, [{ path: "", filters: [], app }]);
  }

  return routesOf(name, 1, DEPTH);
}
