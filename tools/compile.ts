/**
 * `deno task compile`: builds `dist/oneglance`, the whole program as one executable.
 *
 * 1. `deno bundle` joins `main.ts`, and each worker module of `workers.ts`, with their packages into one file each
 *    under `dist/build`; a worker keeps its path, because `workers.ts` finds it relative to the root. Packages
 *    with a native addon, or that read their own package.json, stay outside of the bundle; the runtime loads them
 *    before it, and `entry.js` loads `src/cli/engine_failure.ts` before them.
 * 2. `deno compile` puts the bundle, the addon and the runtime into one file, without a code cache: the runtime would
 *    keep that in TMPDIR under a known name, and run what it finds there before any line of ours.
 *
 * Environment: `DENORT_BIN`, a runtime to build on instead of the one that deno fetches (same version as this
 * deno); `ONEGLANCE_BUNDLER`, another deno for the first step.
 */
import config from "../deno.json" with { type: "json" };
import { WORKERS } from "../workers.ts";
import { compileTrouble } from "./compile_trouble.ts";
import { withoutMusl } from "./lock_file.ts";
import { run } from "./run.ts";

const EXTERNAL = ["amqplib", "libsql", "mysql2", "seek-bzip"] as const;
const root = new URL("..", import.meta.url);
const build = new URL("dist/build/", root);
const output = new URL("dist/oneglance", root);

/** Returns a path relative to the root. */
function relative(url: URL): string {
  return url.pathname.slice(root.pathname.length);
}

const environment = {
  // deno 2.4 fetches packages and the bundler's engine with its built-in certificates only, unless this is set.
  DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "mozilla,system",
  // The compiler reads large modules recursively; its default stack is too small for them.
  RUST_MIN_STACK: Deno.env.get("RUST_MIN_STACK") ?? "67108864",
};

async function step(what: string, command: string, args: string[], cwd: URL): Promise<void> {
  console.log(what);
  const { code, stderr } = await run(command, args, {
    cwd: cwd.pathname,
    env: environment,
    captureErrors: true,
  });
  const trouble = code === 0 ? null : compileTrouble(stderr, Deno.version.deno);
  if (trouble === null && stderr !== "") console.error(stderr.trimEnd());
  if (code !== 0) {
    console.error(`compile: ${trouble ?? `${what}: ${command} ended with code ${code}`}`);
    Deno.exit(1);
  }
}

async function bundle(entry: string, target: string): Promise<void> {
  const bundler = Deno.env.get("ONEGLANCE_BUNDLER") ?? Deno.execPath();
  const externals = EXTERNAL.flatMap((name) => ["--external", name]);
  const args = ["bundle", "--quiet", "--frozen", "--platform=deno", ...externals, "-o", target, entry];
  await step(`bundle ${entry}`, bundler, args, root);
}

/** Returns the source revision: `git describe`, or only the version when this is not a git repository. */
async function describe(): Promise<string> {
  try {
    const args = ["describe", "--always", "--dirty", "--tags"];
    const git = await new Deno.Command("git", { args, cwd: root, stderr: "null" }).output();
    if (git.success) return new TextDecoder().decode(git.stdout).trim();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return config.version;
}

/** Writes the bundle's configuration: the executable embeds only the packages that `modules` load from outside. */
async function writeConfig(modules: readonly string[]): Promise<void> {
  const imports = Object.fromEntries(EXTERNAL.map((name) => [name, config.imports[name]]));
  const text = JSON.stringify({ imports, nodeModulesDir: "none", unstable: config.unstable }, null, 2);
  await Deno.writeTextFile(new URL("deno.json", build), `${text}\n`);
  // The copied lock file keeps the integrity of the embedded packages.
  const lock = new URL("deno.lock", build);
  await Deno.copyFile(new URL("deno.lock", root), lock);
  // deno removes the entries that the bundle does not use.
  await step("lock what is embedded", Deno.execPath(), ["cache", "--quiet", ...modules], build);
  const pruned = withoutMusl(JSON.parse(await Deno.readTextFile(lock)));
  await Deno.writeTextFile(lock, JSON.stringify(pruned, null, 2));
}

await Deno.remove(new URL("dist", root), { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
await Deno.mkdir(build, { recursive: true });

const workers = Object.values(WORKERS).map(relative);
await bundle("main.ts", "dist/build/main.js");
for (const worker of workers) await bundle(worker, `dist/build/${worker}`);
await bundle("src/cli/engine_failure.ts", "dist/build/engine_failure.js");
await Deno.writeTextFile(new URL("entry.js", build), 'import "./engine_failure.js";\nimport "./main.js";\n');
const main = new URL("main.js", build);
const built = JSON.stringify(await describe());
await Deno.writeTextFile(main, `globalThis.ONEGLANCE_BUILD = ${built};\n${await Deno.readTextFile(main)}`);
await writeConfig(["main.js", ...workers]);

const includes = workers.flatMap((worker) => ["--include", worker]);
const unstable = config.unstable.map((name) => `--unstable-${name}`);
await step(
  "compile dist/oneglance",
  Deno.execPath(),
  [
    "compile",
    "--quiet",
    "-A",
    "--no-check",
    "--no-code-cache",
    ...unstable,
    ...includes,
    "-o",
    output.pathname,
    "entry.js",
  ],
  build,
);

const { size } = await Deno.stat(output);
console.log(`dist/oneglance: ${(size / 1e6).toFixed(0)} MB, build ${built}`);
console.log("next: dist/oneglance serve");
