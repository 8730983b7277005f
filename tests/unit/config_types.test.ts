import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import type { OptionKey } from "../../src/config/options.ts";
import { isError } from "../../src/errors.ts";

const READ: [key: OptionKey, text: string, value: unknown][] = [
  ...["true", "1", "on", "YES", "True"].map((
    text,
  ): [OptionKey, string, unknown] => ["DEFAULT.debug", text, true]),
  ...["false", "0", "off", "No", "FALSE"].map((
    text,
  ): [OptionKey, string, unknown] => ["DEFAULT.debug", text, false]),
  ["DEFAULT.image_size_cap", "10", 10],
  ["DEFAULT.image_size_cap", "9223372036854775807", 2 ** 63],
  ["DEFAULT.image_size_cap", "", 1099511627776],
  ["DEFAULT.workers", "", null],
  ["DEFAULT.image_tag_quota", "-1", -1],
  ["DEFAULT.image_tag_quota", "+7", 7],
  ["oneglance.body_stall_timeout", "0.5", 0.5],
  ["oslo_policy.remote_timeout", "", 60],
  ["DEFAULT.public_endpoint", "http://x # y", "http://x # y"],
  ["DEFAULT.public_endpoint", "", null],
  ["DEFAULT.property_protection_rule_format", "policies", "policies"],
  ["keystone_authtoken.memcache_security_strategy", "encrypt", "ENCRYPT"],
  ["taskflow_executor.conversion_format", "", null],
  ["image_format.disk_formats", "raw, qcow2 ,iso,", ["raw", "qcow2", "iso"]],
  ["image_format.disk_formats", ",raw", ["", "raw"]],
  ["image_format.disk_formats", "", []],
  ["image_import_opts.image_import_plugins", "[]", []],
  ["image_import_opts.image_import_plugins", "['no_op', \"image_conversion\"]", [
    "no_op",
    "image_conversion",
  ]],
  ["image_import_opts.image_import_plugins", "[no_op,image_conversion,]", ["no_op", "image_conversion"]],
  ["image_import_opts.image_import_plugins", "['a,b',c]", ["a,b", "c"]],
  ["import_filtering_opts.allowed_ports", "[80, 8080]", [80, 8080]],
  ["import_filtering_opts.allowed_hosts", "[a.example, ::1, 10.0.0.1]", ["a.example", "::1", "10.0.0.1"]],
  ["DEFAULT.enabled_backends", "fast:rbd, cheap:file", new Map([["fast", "rbd"], ["cheap", "file"]])],
  ["DEFAULT.enabled_backends", "", null],
  ["inject_metadata_properties.inject", "a:b:c,d:", new Map([["a", "b:c"], ["d", ""]])],
  ["inject_metadata_properties.inject", "", null],
  ["DEFAULT.bind_port", "0", 0],
  ["DEFAULT.bind_port", "", 9292],
  ["DEFAULT.bind_host", "::", "::"],
  ["DEFAULT.bind_host", "controller-1.example.org", "controller-1.example.org"],
  ["oslo_policy.policy_dirs", "one", ["one"]],
];

for (const [key, text, value] of READ) {
  Deno.test(`option ${key} = ${JSON.stringify(text)}`, () => {
    assert.deepEqual(configFrom({ [key]: text }).get(key), value);
  });
}

const REFUSED: [key: OptionKey, text: string, message: RegExp][] = [
  ["DEFAULT.debug", "", /^test:1: \[DEFAULT\] debug = : expected a boolean/],
  ["DEFAULT.debug", "maybe", /expected a boolean/],
  [
    "DEFAULT.limit_param_default",
    "5 # five",
    /limit_param_default = 5 # five: expected an integer of at least 1/,
  ],
  ["DEFAULT.limit_param_default", "0", /expected an integer of at least 1/],
  ["DEFAULT.image_size_cap", "9223372036854775808", /expected an integer between 1 and 9223372036854775807/],
  ["DEFAULT.image_size_cap", "1.5", /expected an integer/],
  ["DEFAULT.property_protection_rule_format", "Policies", /expected one of roles, policies/],
  ["image_import_opts.image_import_plugins", "inject_image_metadata", /expected a list in brackets/],
  ["image_import_opts.image_import_plugins", "", /expected a list in brackets/],
  ["image_import_opts.image_import_plugins", "['a]", /expected a closing '/],
  ["import_filtering_opts.allowed_ports", "[0]", /expected an integer between 1 and 65535/],
  ["import_filtering_opts.allowed_hosts", "[a b]", /expected an IPv4 or IPv6 address or a host name/],
  ["DEFAULT.enabled_backends", "fast", /expected name:value pairs/],
  ["DEFAULT.enabled_backends", "fast:rbd,", /expected name:value pairs/],
  ["DEFAULT.enabled_backends", "a:file,a:rbd", /expected each name once, found "a" twice/],
  ["DEFAULT.bind_port", "65536", /expected an integer between 0 and 65535/],
  ["DEFAULT.bind_host", "not a host", /expected an IPv4 or IPv6 address or a host name/],
  ["oneglance.body_stall_timeout", "soon", /expected a number of at least 0/],
];

for (const [key, text, message] of REFUSED) {
  Deno.test(`option refuses ${key} = ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => configFrom({ [key]: text }),
      (error) => isError(error, "config") && message.test(error.message) || assert.fail(String(error)),
    );
  });
}

Deno.test("a wrong value of an option that is only accepted is a warning", () => {
  const config = configFrom({ "DEFAULT.scrub_pool_size": "many" });
  assert.equal(config.get("DEFAULT.scrub_pool_size"), 1);
  assert.match(config.warnings.join(), /test:1: \[DEFAULT\] scrub_pool_size = many: expected an integer/);
});

Deno.test("types of values are those of the table", () => {
  const config = configFrom({});
  const cap: number = config.get("DEFAULT.image_size_cap");
  const endpoint: string | null = config.get("DEFAULT.public_endpoint");
  const rule: "roles" | "policies" = config.get("DEFAULT.property_protection_rule_format");
  assert.deepEqual([cap, endpoint, rule], [1099511627776, null, "roles"]);
});
