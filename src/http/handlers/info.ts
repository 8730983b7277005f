/** /v2/info (docs/reference/images-api.md §2.14). */
import { showUsage } from "../../quota/quota.ts";
import { describeStores, describeStoresInDetail } from "../../stores_info/describe.ts";
import { asciiJson as json, type Call } from "../bind.ts";

type Asked = Pick<Call, "ctx">;

export function importInfo(call: Asked): Response {
  return json(call, {
    "import-methods": {
      description: "Import methods available.",
      type: "array",
      value: call.ctx.deps.config.get("DEFAULT.enabled_import_methods"),
    },
  });
}

export function stores(call: Asked): Response {
  return json(call, { stores: describeStores(call.ctx) });
}

export async function usage(call: Asked): Promise<Response> {
  return json(call, { usage: await showUsage(call.ctx) });
}

export async function storesDetail(call: Asked): Promise<Response> {
  return json(call, { stores: await describeStoresInDetail(call.ctx) });
}
