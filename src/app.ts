/** The service as one Hono app: the table of contents of the API. */
import { Hono } from "hono";
import { deactivateImage, reactivateImage } from "../openapi/actions.ts";
import { downloadImageData, uploadImageData } from "../openapi/image_data.ts";
import { createImage, deleteImage, listImages, showImage, updateImage } from "../openapi/images.ts";
import { listStores, listStoresDetail, showImportInfo, showUsage } from "../openapi/info.ts";
import { importImage } from "../openapi/image_import.ts";
import { stageImageData } from "../openapi/image_stage.ts";
import { listImageTasks } from "../openapi/image_tasks.ts";
import { addLocation, deleteFromStore, listLocations } from "../openapi/locations.ts";
import { addMember, listMembers, removeMember, showMember, updateMember } from "../openapi/members.ts";
import {
  showImageSchema,
  showImagesSchema,
  showMemberSchema,
  showMembersSchema,
  showTaskSchema,
  showTasksSchema,
} from "../openapi/schemas.ts";
import { addTag, removeTag } from "../openapi/tags.ts";
import { createTask, deleteTask, listTasks, showTask } from "../openapi/tasks.ts";
import type { Deps } from "./deps.ts";
import { makePartsHealth } from "./health/parts.ts";
import { HEALTH_PATH, makeIsHealth, READY_PATH } from "./health/path.ts";
import { bind } from "./http/bind.ts";
import { bindMetadefs } from "./http/bind_metadefs.ts";
import type { Env } from "./http/env.ts";
import * as data from "./http/handlers/image_data.ts";
import * as imports from "./http/handlers/imports.ts";
import * as images from "./http/handlers/images.ts";
import * as info from "./http/handlers/info.ts";
import * as locations from "./http/handlers/locations.ts";
import * as members from "./http/handlers/members.ts";
import * as schemas from "./http/handlers/schemas.ts";
import * as service from "./http/handlers/service.ts";
import * as tags from "./http/handlers/tags.ts";
import * as tasks from "./http/handlers/tasks.ts";
import { refuseRoute } from "./http/method_not_allowed.ts";
import { answerError, entry, identify } from "./http/middleware/entry.ts";
import { acceptedVersions, CHOICES_PATH, routingPath, VERSIONS_PATH } from "./http/versions.ts";

/** The app that answers during the start: only the health check. */
export function buildHealthApp(deps: Pick<Deps, "config" | "lifecycle">): Hono<Env> {
  const app = new Hono<Env>({ getPath: () => HEALTH_PATH });
  app.onError((error, c) => answerError(error, c.req.raw, undefined));
  app.get(HEALTH_PATH, service.health(deps, null));
  return app;
}

/** Builds the app. It has no state: two apps on the same parts give the same answers. */
export function buildApp(deps: Deps): Hono<Env> {
  const settings = { cache: Boolean(deps.config.get("DEFAULT.image_cache_dir")), multi: deps.stores.multi };
  const accepted = acceptedVersions(settings);
  const isHealth = makeIsHealth(deps.config);
  const app = new Hono<Env>({ getPath: (request) => routingPath(request, accepted, isHealth) });

  app.onError((error, c) => answerError(error, c.req.raw, c.get("requestId")));
  app.notFound((c) => refuseRoute(c.req.raw.method, c.req.path));
  // Before all middleware: no request id, no CORS, and no access log line at each probe.
  const parts = makePartsHealth(deps);
  app.get(HEALTH_PATH, service.health(deps, deps.config.get("healthcheck.detailed") ? parts : null));
  app.get(READY_PATH, service.readiness(deps, parts));
  app.use(entry(deps));

  app.all(CHOICES_PATH, service.versions(deps, settings, 300));
  app.all(VERSIONS_PATH, service.versions(deps, settings, 200));
  app.get("/openapi.json", service.contract());

  app.use("/v2/*", identify(deps), async (c, next) => {
    // Hono serves HEAD by GET; this API has no HEAD.
    if (c.req.raw.method === "HEAD") refuseRoute("HEAD", c.req.path);
    await next();
  });
  app.get("/v2", service.toVersion2());

  bind(app, listImages, images.list, { ignoreBody: true });
  bind(app, createImage, images.create, {
    schemaName: "image",
    schema: images.CREATE_SCHEMA,
    before: images.refuseLinks,
  });
  bind(app, showImage, images.show);
  bind(app, updateImage, images.update, { rawBody: true });
  bind(app, deleteImage, images.remove);

  bind(app, uploadImageData, data.upload, { rawBody: true });
  bind(app, downloadImageData, data.download);

  bind(app, stageImageData, imports.stage, { rawBody: true });
  bind(app, importImage, imports.importData, { schemaName: "import" });

  bind(app, addTag, tags.add);
  bind(app, removeTag, tags.remove);
  bind(app, deactivateImage, images.deactivate);
  bind(app, reactivateImage, images.reactivate);

  bind(app, listMembers, members.list);
  bind(app, addMember, members.add, { schemaName: "member" });
  bind(app, showMember, members.show);
  bind(app, updateMember, members.update, { schemaName: "member" });
  bind(app, removeMember, members.remove);

  bind(app, listLocations, locations.list, { ignoreBody: true });
  bind(app, addLocation, locations.add, { schemaName: "location" });
  bind(app, deleteFromStore, locations.removeCopy);
  bind(app, listImageTasks, locations.tasks);

  const { allow } = tasks;
  bind(app, listTasks, tasks.list, { allow, ignoreBody: true });
  bind(app, createTask, tasks.create, { allow, schemaName: "task", before: tasks.requireKeys });
  bind(app, showTask, tasks.show, { allow, ignoreBody: true });
  bind(app, deleteTask, tasks.remove, { allow, ignoreBody: true });

  bind(app, showImportInfo, info.importInfo);
  bind(app, listStores, info.stores);
  bind(app, listStoresDetail, info.storesDetail);
  bind(app, showUsage, info.usage);

  bind(app, showImageSchema, schemas.image);
  bind(app, showImagesSchema, schemas.images);
  bind(app, showMemberSchema, schemas.member);
  bind(app, showMembersSchema, schemas.members);
  bind(app, showTaskSchema, schemas.task);
  bind(app, showTasksSchema, schemas.tasks);

  bindMetadefs(app);
  return app;
}
