/** What an import plugin is: it looks at the staged file, or puts another in its place (docs/reference/background-jobs.md §4.2). */
import type { ImageColumns, ImageRecord } from "../../../db/records.ts";
import type { Ctx } from "../../deps.ts";

export interface PluginJob {
  ctx: Ctx;
  /** As plugins before this one have made it. */
  image: ImageRecord;
  /** The staged file. */
  path: string;
  /** Stores that the image will be in. */
  copies: number;
  signal: AbortSignal;
  /** Reports what is going on, for the task's message. */
  progress: (text: string) => void;
}

export interface PluginResult {
  /** The staged file from now on; the old one is gone when it is another. */
  path: string;
  columns?: Partial<Omit<ImageColumns, "status">>;
  setProperties?: Record<string, string>;
}

/** On failure the files that the plugin made are gone. */
export type Plugin = (job: PluginJob) => Promise<PluginResult>;
