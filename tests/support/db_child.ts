/**
 * A program that creates images: `db_child.ts CONNECTION COUNT`. Prints the id of each image after the database has
 * acknowledged it, one a line. COUNT 0 means without end.
 */
import { openDatabase } from "../../db/open.ts";
import { makeImage, newImage, WRITER_URL } from "./temp_database.ts";

const [connection = "", count = "0"] = Deno.args;
const db = await openDatabase({ connection, writerUrl: WRITER_URL, sync: "auto" });
const encoder = new TextEncoder();
const callers = 8;
let left = Number(count) || Infinity;

async function create(): Promise<void> {
  while (left-- > 0) {
    const { id } = await makeImage(db, newImage({ properties: { a: "1" }, tags: ["t", "u"] }));
    Deno.stdout.writeSync(encoder.encode(`${id}\n`));
  }
}

await Promise.all(Array.from({ length: callers }, create));
await db.close();
