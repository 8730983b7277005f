/**
 * `deno run -A tools/flows.ts`: counts the files to open to follow one request (docs/architecture.md). Exit code 1
 * when a function that a flow names is no longer in its file: then update the list here.
 */
import type { Breach } from "./layers.ts";
import { readTree, type Tree } from "./tree.ts";

/** The functions, classes or tables to read, by file, in the order in which a request passes them. */
type Flow = readonly (readonly [path: string, ...names: string[]])[];

const ENTRY: Flow = [
  ["src/app.ts", "buildApp"],
  ["src/http/middleware/entry.ts", "entry", "identify"],
  ["src/http/bind.ts", "bind", "empty"],
];

const WRITE: Flow = [
  ["db/database.ts", "WRITES"],
  ["db/engines/writer.ts", "Writer"],
  ["db/writer_worker.ts", "drain"],
  ["db/engines/group_commit.ts", "commitGroup"],
  ["db/tables/images.ts", "transitionImage"],
  ["db/tables/emit.ts", "emit"],
];

const STORE_WRITE: Flow = [
  ["src/stores/store.ts", "Stores", "pathOf"],
  ["src/stores/registry.ts", "StoreList"],
  ["src/stores/file.ts", "open"],
  ["src/stores/file_directories.ts", "chooseDirectory", "isGone"],
  ["src/stores/file_write.ts", "FileWrite"],
  ["src/stores/file_disk.ts", "temporaryName", "within", "writing", "giveFinalName", "syncDirectory"],
  ["src/util/pump.ts", "pump"],
  ["src/util/hash_pool.ts", "HashPool"],
  ["src/util/hash_worker.ts", "step"],
];

export const FLOWS: Readonly<Record<string, Flow>> = {
  "upload, PUT /v2/images/{id}/file": [
    ...ENTRY,
    ["openapi/image_data.ts", "uploadImageData"],
    ["src/http/handlers/image_data.ts", "upload"],
    ["src/images/upload.ts", "uploadImage", "judgeData"],
    ["src/images/find.ts", "findImage"],
    ["src/policy/authorize.ts", "authorizeImage"],
    ["src/quota/quota.ts", "enforceImageSizeTotal", "uploadingQuota", "checkStorageQuota"],
    ["src/images/transfer.ts", "withTransfer", "checkRoom", "receive"],
    ["src/leases/held.ts", "enter"],
    ["src/signatures/verifier.ts", "signatureVerifier"],
    ["src/formats/inspect.ts", "inspect", "judge"],
    ...STORE_WRITE,
    ...WRITE,
    ["db/tables/uploads.ts", "beginUpload", "dropUpload"],
    ["db/tables/locations.ts", "insertLocations"],
  ],
  "web-download, POST /v2/images/{id}/import": [
    ...ENTRY,
    ["src/http/json_body.ts", "readJson"],
    ["openapi/image_import.ts", "importImage"],
    ["src/http/handlers/imports.ts", "importData"],
    ["src/imports/import_image.ts", "importImage"],
    ["src/images/find.ts", "findImage"],
    ["src/policy/authorize.ts", "authorizeImage"],
    ["src/quota/quota.ts", "enforceImageSizeTotal", "enforceImageStagingTotal", "checkStorageQuota"],
    ["src/tasks/start.ts", "startTask"],
    ["src/tasks/background.ts", "Background"],
    ["src/tasks/runner.ts", "TaskKind", "runTask"],
    ["src/imports/kind.ts", "importKind"],
    ["src/imports/job.ts", "jobOf", "move"],
    ["src/imports/fetch_source.ts", "checkImportUri", "fetchSource"],
    ["src/net/outbound.ts", "makeOutbound"],
    ["src/net/guard.ts", "makeUriFilter", "makeGuard"],
    ["src/net/node_fetch.ts", "nodeFetch"],
    ["src/imports/steps.ts", "stageStep", "unstage", "judgeStaged"],
    ["src/images/transfer.ts", "receive"],
    ["src/images/upload.ts", "judgeData"],
    ["src/imports/plugins/run.ts", "runPlugins"],
    ["src/formats/inspect.ts", "inspect", "judge"],
    ["src/signatures/verifier.ts", "verifyFile"],
    ["src/imports/write_stores.ts", "writeStores"],
    ["src/imports/copy_to_all.ts", "copyToAll"],
    ...STORE_WRITE,
    ...WRITE,
    ["db/tables/tasks.ts", "changeTask"],
    ["db/tables/task_leases.ts", "startTask", "endTask"],
    ["db/tables/outbox.ts", "recordEvents"],
    ["db/tables/locations.ts", "insertLocations"],
  ],
  "deletion, DELETE /v2/images/{id}": [
    ...ENTRY,
    ["openapi/images.ts", "deleteImage"],
    ["src/http/handlers/images.ts", "remove"],
    ["src/images/delete.ts", "deleteImage", "deleteData", "removeData"],
    ["src/images/find.ts", "findImage"],
    ["src/policy/authorize.ts", "authorizeImage"],
    ["src/leases/held.ts", "enter"],
    ["src/stores/store.ts", "Stores", "pathOf"],
    ["src/stores/registry.ts", "StoreList"],
    ["src/stores/file.ts", "delete"],
    ["src/stores/file_disk.ts", "within"],
    ...WRITE,
    ["db/tables/deletions.ts", "beginDeletion"],
  ],
};

/** Whether `text` declares `name`: a function, class, constant, interface or method. */
function declares(text: string, name: string): boolean {
  return new RegExp(
    `^\\s*(export )?(static )?(async )?(function |class |const |interface )?${name}\\b\\s*[(<:={]?`,
    "m",
  )
    .test(text);
}

/** Returns a breach for each file, or name in a file, that is not there. */
export function checkFlows(tree: Tree): Breach[] {
  return Object.entries(FLOWS).flatMap(([flow, files]) =>
    files.flatMap(([path, ...names]) => {
      const text = tree.get(path);
      if (text === undefined) {
        return [{ path, line: 1, message: `is named by the flow "${flow}" and not there` }];
      }
      return names.filter((name) => !declares(text, name)).map((name) => ({
        path,
        line: 1,
        message: `does not declare ${name}, which the flow "${flow}" names (tools/flows.ts)`,
      }));
    })
  );
}

if (import.meta.main) {
  const tree = await readTree(new URL("..", import.meta.url).pathname.replace(/\/$/, ""));
  for (const [flow, files] of Object.entries(FLOWS)) {
    console.log(`${flow}: ${new Set(files.map(([path]) => path)).size} files`);
    for (const [path, ...names] of files) {
      console.log(`  ${path}${names.length > 0 ? `: ${names.join(", ")}` : ""}`);
    }
  }
  const found = checkFlows(tree);
  for (const { path, message } of found) console.error(`${path}: ${message}`);
  if (found.length > 0) Deno.exit(1);
}
