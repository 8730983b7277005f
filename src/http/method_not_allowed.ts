/** 404, 405 or 501 for requests without a route (docs/reference/images-api.md §2.0, step 4). */
import { fail } from "../errors.ts";
import { ROUTES } from "../../openapi/document.ts";

/** The methods of the API in the order of `Allow`. */
const ORDER = ["GET", "POST", "PUT", "PATCH", "DELETE"];

const KNOWN_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

/** Paths that answer 404 instead of 405. */
const WITHOUT_405 = ["/v2/images/{image_id}/tasks", "/v2/info/usage"];

/** Upstream's header where it omits methods. */
const ALLOW: Record<string, string> = { "/v2/images/{image_id}/locations": "POST" };

interface Known {
  pattern: RegExp;
  path: string;
  methods: string[];
}

const PATHS: Known[] = [];
for (const route of ROUTES) {
  const known = PATHS.find(({ path }) => path === route.path);
  if (known) known.methods.push(route.method.toUpperCase());
  else {
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    PATHS.push({ pattern, path: route.path, methods: [route.method.toUpperCase()] });
  }
}

for (const { methods } of PATHS) methods.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));

/** Always throws. Errors: method_not_allowed, not_found, not_implemented. */
export function refuseRoute(method: string, path: string): never {
  // A path without parameters takes precedence.
  const matches = PATHS.filter(({ pattern }) => pattern.test(path));
  const known = matches.find((match) => match.path === path) ?? matches[0];
  if (known && !WITHOUT_405.includes(known.path)) {
    fail("method_not_allowed", `The method ${method} is not allowed for this resource.`, {
      headers: { allow: ALLOW[known.path] ?? known.methods.join(", ") },
    });
  }
  if (!KNOWN_METHODS.includes(method)) {
    fail("not_implemented", `The request method ${method} is not implemented for this server.`);
  }
  fail("not_found");
}
