/** Our version 4: which process works on which task and how far it is, so that tasks of dead processes are found (docs/reference/background-jobs.md §4). */
export const TASKS: readonly string[] = [
  `CREATE TABLE oneglance_tasks (
  task_id VARCHAR(36) NOT NULL,
  image_id VARCHAR(36),
  token VARCHAR(36) NOT NULL,
  owner VARCHAR(255) NOT NULL,
  expires_at DATETIME NOT NULL,
  attempts INTEGER NOT NULL,
  caller TEXT NOT NULL,
  step VARCHAR(30) NOT NULL,
  bytes BIGINT NOT NULL,
  total BIGINT,
  rate BIGINT,
  PRIMARY KEY (task_id)
)`,
  `CREATE INDEX oneglance_tasks_image ON oneglance_tasks (image_id)`,
];
