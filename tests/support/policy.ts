/** Callers, images and a configuration for tests of policy. */
import type { ImageRecord } from "../../db/records.ts";
import { type Caller, NOBODY } from "../../src/caller.ts";
import { type EnforcerOptions, makeEnforcer, type PolicyEnforcer } from "../../src/policy/load.ts";
import { configFrom } from "../../src/config/config.ts";
import type { PolicyConfig } from "../../src/policy/files.ts";

/** A caller of a project with roles. */
export function callerOf(projectId: string | null, roles: string[], more: Partial<Caller> = {}): Caller {
  return { ...NOBODY, userId: "user", projectId, roles, ...more };
}

/** An image of project `own`. */
export function imageOf(more: Partial<ImageRecord> = {}): ImageRecord {
  return {
    id: "11111111-1111-4111-8111-111111111111",
    name: "cirros",
    size: 7,
    virtual_size: null,
    status: "active",
    visibility: "private",
    disk_format: "raw",
    container_format: "bare",
    checksum: null,
    os_hash_algo: null,
    os_hash_value: null,
    owner: "own",
    min_disk: 0,
    min_ram: 0,
    protected: false,
    os_hidden: false,
    created_at: "2026-01-01 00:00:00.000000",
    updated_at: "2026-01-01 00:00:00.000000",
    deleted_at: null,
    deleted: false,
    properties: {},
    tags: [],
    locations: [],
    ...more,
  };
}

/** A configuration whose companion files are in `directory`; null = no companion files. */
export function policyConfig(
  directory: string | null = null,
  values: Record<string, string> = {},
): PolicyConfig {
  return configFrom(values, { searchPath: directory === null ? [] : [directory] });
}

/** Runs `verb` with an enforcer that has these rules in its `policy.yaml`. */
export async function withPolicy(
  rules: Record<string, unknown>,
  verb: (enforcer: PolicyEnforcer) => void | Promise<void>,
  options: EnforcerOptions & { values?: Record<string, string> } = {},
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/policy.yaml`, JSON.stringify(rules));
    await verb(await makeEnforcer(policyConfig(directory, options.values), options));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
