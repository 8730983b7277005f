import assert from "node:assert/strict";
import { configFrom, loadConfig } from "../../src/config/config.ts";
import { OPTIONS } from "../../src/config/options.ts";
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
