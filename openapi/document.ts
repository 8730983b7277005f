/** The whole contract: every route, and the OpenAPI 3.1 document made from them. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { deactivateImage, reactivateImage } from "./actions.ts";
import { downloadImageData, uploadImageData } from "./image_data.ts";
import { createImage, deleteImage, listImages, showImage, updateImage } from "./images.ts";
import { listStores, listStoresDetail, showImportInfo, showUsage } from "./info.ts";
import { importImage } from "./image_import.ts";
import { stageImageData } from "./image_stage.ts";
import { listImageTasks } from "./image_tasks.ts";
import { addLocation, deleteFromStore, listLocations } from "./locations.ts";
import { addMember, listMembers, removeMember, showMember, updateMember } from "./members.ts";
import { METADEF_ROUTES } from "./metadefs.ts";
import {
  showImageSchema,
  showImagesSchema,
  showMemberSchema,
  showMembersSchema,
  showTaskSchema,
  showTasksSchema,
} from "./schemas.ts";
import { discoverVersions, listVersions, showContract, showHealth, showReadiness } from "./service.ts";
import { addTag, removeTag } from "./tags.ts";
import { createTask, deleteTask, listTasks, showTask } from "./tasks.ts";

/** Every route of the service, in the order of the document. */
export const ROUTES = [
  discoverVersions,
  listVersions,
  showHealth,
  showReadiness,
  showContract,
  listImages,
  createImage,
  showImage,
  updateImage,
  deleteImage,
  uploadImageData,
  downloadImageData,
  stageImageData,
  importImage,
  addTag,
  removeTag,
  listMembers,
  addMember,
  showMember,
  updateMember,
  removeMember,
  deactivateImage,
  reactivateImage,
  listLocations,
  addLocation,
  deleteFromStore,
  listImageTasks,
  listTasks,
  createTask,
  showTask,
  deleteTask,
  showImportInfo,
  listStores,
  listStoresDetail,
  showUsage,
  showImageSchema,
  showImagesSchema,
  showMemberSchema,
  showMembersSchema,
  showTaskSchema,
  showTasksSchema,
  ...METADEF_ROUTES,
] as const;

/** The OpenAPI document. `version` is the program's. */
export function contractDocument(version: string) {
  const collector = new OpenAPIHono();
  collector.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "apiKey",
    in: "header",
    name: "X-Auth-Token",
    description: "A token of the Identity service; any text, or none, where the service runs without it.",
  });
  for (const route of ROUTES) collector.openAPIRegistry.registerPath(route);
  return collector.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "OpenStack Image service",
      version,
      description: "The Images API v2 as oneglance serves it.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}
