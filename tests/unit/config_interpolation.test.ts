import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";

const KEY = "DEFAULT.log_dir";

const GOOD: [text: string, value: string, others?: Record<string, string>][] = [
  ["/x/$default_publisher_id", "/x/me", { "DEFAULT.default_publisher_id": "me" }],
  ["/x/${default_publisher_id}.d", "/x/me.d", { "DEFAULT.default_publisher_id": "me" }],
  ["$bind_port", "9292"],
  ["$debug", "False"],
  ["$paste_deploy.flavor", "keystone", { "paste_deploy.flavor": "keystone" }],
  ["${paste_deploy.flavor}!", "keystone!", { "paste_deploy.flavor": "keystone" }],
  ["a${public_endpoint}.", "a."],
  ["$$bind_port", "$bind_port"],
  ["\\$bind_port", "$bind_port"],
  ["$9 ${} $", "$9 ${} $"],
  ["$log_file", "/a/b", {
    "DEFAULT.log_file": "/a/$default_publisher_id",
    "DEFAULT.default_publisher_id": "b",
  }],
];

for (const [text, value, others] of GOOD.filter(([, value]) => value !== "refused")) {
  Deno.test(`interpolation of ${text}`, () => {
    assert.equal(configFrom({ ...others, [KEY]: text }).get(KEY), value);
  });
}

const BAD: [text: string, message: RegExp, others?: Record<string, string>][] = [
  ["$nobody", /no such option nobody in group \[DEFAULT\]/],
  ["$nogroup.name", /no such option name in group \[nogroup\]/],
  ["$bind_host.", /no such option/],
  ["$log_dir", /refers to itself/],
  ["$log_file", /refers to itself/, { "DEFAULT.log_file": "$log_dir" }],
];

for (const [text, message, others] of BAD) {
  Deno.test(`interpolation refuses ${text}`, () => {
    assert.throws(
      () => configFrom({ [KEY]: text, ...others }),
      (error) => isError(error, "config") && message.test(error.message),
    );
  });
}

Deno.test("a name is looked up in its own group first, then in [DEFAULT]", () => {
  const config = configFrom({
    "DEFAULT.transport_url": "default",
    "oslo_messaging_notifications.transport_url": "own",
    "oslo_messaging_notifications.topics": "$transport_url,$default_publisher_id",
  });
  assert.deepEqual(config.get("oslo_messaging_notifications.topics"), ["own", "image.localhost"]);
});

Deno.test("items of lists and values of dicts are interpolated, numbers too", () => {
  const config = configFrom({
    "image_format.disk_formats": "raw,$default_publisher_id",
    "inject_metadata_properties.inject": "a:$bind_port",
    "DEFAULT.api_limit_max": "$limit_param_default",
    "DEFAULT.default_publisher_id": "p",
    "DEFAULT.bind_port": "1",
  });
  assert.deepEqual(config.get("image_format.disk_formats"), ["raw", "p"]);
  assert.deepEqual(config.get("inject_metadata_properties.inject"), new Map([["a", "1"]]));
  assert.equal(config.get("DEFAULT.api_limit_max"), 25);
});

Deno.test("a store's option may refer to its own section, to [DEFAULT] and to another store", () => {
  const config = configFrom({
    "DEFAULT.enabled_backends": "one:file,two:file",
    "one.filesystem_store_datadir": "/$store_description/$default_publisher_id",
    "one.store_description": "first",
    "two.filesystem_store_datadir": "${one.filesystem_store_datadir}/two",
    "DEFAULT.default_publisher_id": "p",
  });
  assert.equal(config.store("two").get("filesystem_store_datadir"), "/first/p/two");
});

Deno.test("an error about a secret does not show it", () => {
  for (const key of ["keystone_authtoken.password", "database.connection"]) {
    assert.throws(
      () => configFrom({ [key]: "s3cr$et" }),
      (error) =>
        isError(error, "config") && !/s3cr|et /.test(error.message.replace(/\[.*?\] \w+/, "")) &&
          /must be written \$\$/.test(error.message) || assert.fail(String(error)),
    );
  }
});
