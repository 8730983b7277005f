/** Our version 5: notifications that wait to be sent, written with the change that they describe (docs/reference/background-jobs.md §7). */
export const OUTBOX: readonly string[] = [
  `CREATE TABLE oneglance_outbox (
  id INTEGER NOT NULL,
  message_id VARCHAR(36) NOT NULL,
  event_type VARCHAR(255) NOT NULL,
  priority VARCHAR(5) NOT NULL,
  about VARCHAR(10) NOT NULL,
  body TEXT NOT NULL,
  extra TEXT,
  created_at DATETIME NOT NULL,
  owner VARCHAR(255),
  expires_at DATETIME,
  PRIMARY KEY (id)
)`,
];
