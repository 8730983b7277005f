/** Our version 7: what a task has changed of its image, as it was, so that another process can set it back. */
export const TASK_BEFORE: readonly string[] = [
  "ALTER TABLE oneglance_tasks ADD COLUMN before TEXT",
];
