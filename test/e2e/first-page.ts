/** What each command of README's first page prints: the end-to-end test runs them, an offline test compares the lists. */

export interface Expected {
  /** The beginning of the command, or a part that only this command has. */
  readonly command: string;
  /** Patterns that the output must contain; some appear only after a while. */
  readonly prints: readonly RegExp[];
}

/** In the order of README. The test repeats an idempotent command until it prints these patterns. */
export const FIRST_PAGE: readonly Expected[] = [
  { command: 'URL=', prints: [] },
  { command: 'ME=', prints: [] },
  // On a cluster that has run the page before, the account exists already.
  { command: '/auth/register', prints: [/"email":"me@example\.com"|"status":409/] },
  { command: 'user_management promote', prints: [/the account is an administrator now/] },
  { command: 'TOKEN=', prints: [] },
  { command: 'AS=', prints: [] },
  {
    command: '/ai/chat',
    prints: [/event: delta/, /simulator/, /demonstration base/, /Catalog_Организации/, /event: done/],
  },
  { command: '/1c/sync/data', prints: [/^\{"job_id":"[0-9a-f-]{36}"\}$/] },
  { command: '/1c/sync?limit=1', prints: [/"status":"completed","percent":100/] },
  { command: '/1c/reports/companies', prints: [/Северный ветер/, /Ромашка/] },
  {
    command: '/analytics/reports/generate',
    prints: [
      /"kind":"sync"/,
      /"syncs_completed":[1-9]\d*,"syncs_failed":0,"entity_sets":\d+,"records":[1-9]\d{3}/,
    ],
  },
  { command: '/analytics/dashboards/overview', prints: [] },
  { command: './platform status', prints: [/user-management/, /postgres-security/, /model-simulator/] },
];

/** Commands from before the cluster exists: the other file that runs them, and its line. */
export const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, line: RegExp]>> = {
  './platform up': ['.ci/run', /^ {2}\.\/platform up --values test\/e2e\/lab\.yaml$/m],
  'npm ci && npm test': ['.ci/run', /^npm ci --no-fund --no-audit$[\s\S]*^npm run check$/m],
};
