/** Locations by URL in tests: a web server with data, and images whose locations point there. */
import assert from "node:assert/strict";
import { serveSite, type Site } from "./imports.ts";
import { add } from "./patch_rows.ts";
import type { Row } from "./scenario.ts";
import { OWNER } from "./service.ts";

/** The data at every path that begins with `/data`. */
export const WEB_DATA = "0123456789";

/** Serves the data at `/data…`, an empty body at `/empty`; anything else is 404. */
export function serveData(): Site {
  return serveSite((request) => {
    const { pathname } = new URL(request.url);
    const text = pathname.startsWith("/data") ? WEB_DATA : pathname === "/empty" ? "" : null;
    if (text === null) return new Response("none", { status: 404 });
    const headers = { "content-length": String(text.length) };
    return new Response(request.method === "HEAD" ? null : text, { headers });
  });
}

/** A URL of this machine at which nothing listens. */
export function deadUrl(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${listener.addr.port}/data`;
}

export const FORMATS = { disk_format: "raw", container_format: "bare" };

/** Options of a service whose locations can be set by PATCH. */
export const OPEN_LOCATIONS = {
  "DEFAULT.show_multiple_locations": "true",
  "glance_store.stores": "file,http",
};

/** A location on the table's web server, `{web}`. */
export const at = (path: string, metadata = {}) => ({ url: `{web}/${path}`, metadata });

/** An image of OWNER with these locations, all below the URL `web`. */
export function located(web: string, ...locations: { url: string }[]): Row["given"] {
  return async (service) => {
    const { id } = await service.create(OWNER, FORMATS);
    for (const location of locations) {
      const value = { ...location, url: location.url.replace("{web}", web) };
      const answer = await service.patch(id, OWNER, [add("/locations/-", value)]);
      assert.equal(answer.status, 200, await answer.text());
    }
    return { id };
  };
}

/** Checks the paths and the order of the locations that GET returns. */
export const paths = (...wanted: string[]): Row["then"] => async (service, { id }) => {
  const { locations } = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual(locations.map(({ url }: { url: string }) => new URL(url).pathname), wanted);
};
