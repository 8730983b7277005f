/** Unified limits in a real Keystone; a test creates them and removes them again. */
import assert from "node:assert/strict";
import { type Keystone, tokenOf } from "./keystone.ts";
import { freePort } from "./processes.ts";

export interface Limits {
  /** Ids and region of an image endpoint of this test alone. */
  endpointId: string;
  region: string;
  /** Registers a resource. */
  register(resource: string, limit: number): Promise<void>;
  /** Sets a project's own limit. */
  give(project: string, resource: string, limit: number): Promise<void>;
  /** Removes every limit that this object created. */
  remove(): Promise<void>;
}

interface Made {
  id: string;
}

/** Adds an image endpoint in a new region, and allows the user `glance` to read limits. */
export async function makeLimits(keystone: Keystone): Promise<Limits> {
  const token = await tokenOf(keystone, "admin");
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${keystone.url}${path}`, {
      method,
      headers: { "content-type": "application/json", "x-auth-token": token },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? {} as T : JSON.parse(text);
  };
  const region = await keystone.publish(`http://127.0.0.1:${freePort()}`);
  const { services: [service] } = await call<{ services: Made[] }>("GET", "/services?type=image");
  const { endpoints: [endpoint] } = await call<{ endpoints: Made[] }>(
    "GET",
    `/endpoints?service_id=${service!.id}&region_id=${region}&interface=public`,
  );
  const { roles: [reader] } = await call<{ roles: Made[] }>("GET", "/roles?name=reader");
  await call("PUT", `/system/users/${keystone.ids.users.glance}/roles/${reader!.id}`);
  const here = { service_id: service!.id, region_id: region };
  const registered: string[] = [];
  const own: string[] = [];
  return {
    endpointId: endpoint!.id,
    region,
    register: async (resource_name, default_limit) => {
      const body = { registered_limits: [{ ...here, resource_name, default_limit }] };
      const made = await call<{ registered_limits: Made[] }>("POST", "/registered_limits", body);
      registered.push(made.registered_limits[0]!.id);
    },
    give: async (project, resource_name, resource_limit) => {
      const project_id = keystone.ids.projects[project];
      const body = { limits: [{ ...here, project_id, resource_name, resource_limit }] };
      own.push((await call<{ limits: Made[] }>("POST", "/limits", body)).limits[0]!.id);
    },
    remove: async () => {
      for (const id of own) await call("DELETE", `/limits/${id}`);
      for (const id of registered) await call("DELETE", `/registered_limits/${id}`);
    },
  };
}
