import assert from "node:assert/strict";
import { configFrom, loadConfig } from "../../src/config/config.ts";
import { OPTIONS } from "../../src/config/options.ts";
import { STORE_OPTIONS } from "../../src/config/options_stores.ts";
import { optionsMarkdown, sampleConfig } from "../../src/config/sample.ts";

const docs = new URL("../../docs/", import.meta.url);

Deno.test("the generated pages are those of the table", () => {
  assert.equal(Deno.readTextFileSync(new URL("configuration.md", docs)), optionsMarkdown());
  assert.equal(Deno.readTextFileSync(new URL("glance-api.conf.sample", docs)), sampleConfig());
});

Deno.test("the sample file with every comment sign taken away gives the defaults", () => {
  const options = /^#(\w+ =)/gm;
  const path = Deno.makeTempFileSync();
  try {
    // Values that stand for "unset" cannot be written for every type; these lines stay comments.
    Deno.writeTextFileSync(
      path,
      sampleConfig().replace(options, (all, key, at, text: string) => {
        const line = text.slice(at).split("\n", 1)[0]!;
        return line.endsWith("=") ? all : key;
      }),
    );
    const config = loadConfig({ prog: "glance-api", sources: [{ kind: "file", path }], searchPath: [] });
    const plain = configFrom({});
    for (const [group, table] of Object.entries(OPTIONS)) {
      for (const name of Object.keys(table)) {
        const key = `${group}.${name}` as "DEFAULT.debug";
        assert.deepEqual(config.get(key), plain.get(key), key);
      }
    }
    assert.equal(config.isSet("DEFAULT.image_size_cap"), true);
    assert.deepEqual(config.unknown, []);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("every option has a help text that ends a sentence", () => {
  for (const [group, table] of Object.entries(OPTIONS)) {
    for (const [name, option] of Object.entries(table)) {
      assert.match(option.help, /\S[.…]$/, `${group}.${name}`);
    }
  }
});

/** All of the program's own text but the tables of options. */
function sources(folder: URL): string {
  let text = "";
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.isDirectory) text += sources(new URL(`${entry.name}/`, folder));
    else if (!entry.name.startsWith("options")) text += Deno.readTextFileSync(new URL(entry.name, folder));
  }
  return text;
}

/** Names that the readers put together: `${kind}_domain_name`, `allowed_${what}`. */
const COMPOSED =
  /_domain_(id|name)$|^import_filtering_opts\.(dis)?allowed_(schemes|hosts|ports)$|^DEFAULT\.(log|logging)_/;

Deno.test("what is said to act is read somewhere", () => {
  const text = sources(new URL("../../src/", import.meta.url));
  const words = new Set(text.match(/\w+/g));
  const unread = Object.entries(OPTIONS).flatMap(([group, table]) =>
    Object.entries(table)
      .filter(([name, { acts }]) => acts && !words.has(name) && !COMPOSED.test(`${group}.${name}`))
      .map(([name]) => `${group}.${name}`)
  );
  const unreadOfStores = Object.entries(STORE_OPTIONS)
    .filter(([name, { acts }]) => acts && !text.includes(`"${name}"`))
    .map(([name]) => name);
  assert.deepEqual([...unread, ...unreadOfStores], []);
});
