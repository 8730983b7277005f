export { isOrphaned as isAbandoned } from "../leases/orphans.ts";
