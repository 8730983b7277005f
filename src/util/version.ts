/** The program's version, from the one place that has it. */
import project from "../../deno.json" with { type: "json" };

export const VERSION: string = project.version;
