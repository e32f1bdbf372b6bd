/** The verbs, in the order of the help; a verb's module loads only when needed. */
import type { Command } from 'commander';

export interface Verb {
  readonly name: string;
  /** Heading in the help. */
  readonly group: 'Develop' | 'Build' | 'Deploy' | 'Data' | 'Test' | 'Understand';
  readonly load: () => Promise<Command>;
}

export const VERBS: readonly Verb[] = [
  { name: 'up', group: 'Develop', load: async () => (await import('./commands/up.ts')).up },
  { name: 'setup', group: 'Develop', load: async () => (await import('./commands/start.ts')).setup },
  { name: 'start', group: 'Develop', load: async () => (await import('./commands/start.ts')).start },
  { name: 'stop', group: 'Develop', load: async () => (await import('./commands/shut-down.ts')).stop },
  { name: 'restart', group: 'Develop', load: async () => (await import('./commands/workloads.ts')).restart },
  { name: 'scale', group: 'Develop', load: async () => (await import('./commands/workloads.ts')).scale },
  { name: 'test', group: 'Develop', load: async () => (await import('./commands/test.ts')).test },
  {
    name: 'new-service',
    group: 'Develop',
    load: async () => (await import('./commands/new-service.ts')).newService,
  },
  { name: 'seed', group: 'Develop', load: async () => (await import('./commands/seed.ts')).seed },
  { name: 'clean', group: 'Develop', load: async () => (await import('./commands/clean.ts')).clean },
  { name: 'down', group: 'Develop', load: async () => (await import('./commands/shut-down.ts')).down },
  { name: 'status', group: 'Develop', load: async () => (await import('./commands/status.ts')).status },
  { name: 'health', group: 'Develop', load: async () => (await import('./commands/health.ts')).health },
  { name: 'logs', group: 'Develop', load: async () => (await import('./commands/logs.ts')).logs },
  { name: 'shell', group: 'Develop', load: async () => (await import('./commands/consoles.ts')).shell },
  { name: 'database', group: 'Develop', load: async () => (await import('./commands/consoles.ts')).database },
  { name: 'redis', group: 'Develop', load: async () => (await import('./commands/consoles.ts')).redis },
  { name: 'build', group: 'Build', load: async () => (await import('./commands/build.ts')).build },
  { name: 'push', group: 'Build', load: async () => (await import('./commands/push.ts')).push },
  { name: 'summary', group: 'Build', load: async () => (await import('./commands/build.ts')).summary },
  { name: 'scan', group: 'Build', load: async () => (await import('./commands/scan.ts')).scan },
  { name: 'config', group: 'Deploy', load: async () => (await import('./commands/config.ts')).config },
  { name: 'synth', group: 'Deploy', load: async () => (await import('./commands/synth.ts')).synth },
  { name: 'diff', group: 'Deploy', load: async () => (await import('./commands/checks.ts')).diff },
  { name: 'validate', group: 'Deploy', load: async () => (await import('./commands/checks.ts')).validate },
  { name: 'secrets', group: 'Deploy', load: async () => (await import('./commands/secrets.ts')).secrets },
  { name: 'deploy', group: 'Deploy', load: async () => (await import('./commands/deploy.ts')).deploy },
  { name: 'rollback', group: 'Deploy', load: async () => (await import('./commands/releases.ts')).rollback },
  { name: 'history', group: 'Deploy', load: async () => (await import('./commands/releases.ts')).history },
  { name: 'remove', group: 'Deploy', load: async () => (await import('./commands/remove.ts')).remove },
  {
    name: 'load-test',
    group: 'Test',
    load: async () => (await import('./commands/cluster-tests.ts')).loadTest,
  },
  {
    name: 'database-test',
    group: 'Test',
    load: async () => (await import('./commands/cluster-tests.ts')).databaseTest,
  },
  { name: 'backup', group: 'Data', load: async () => (await import('./commands/backup.ts')).backup },
  { name: 'restore', group: 'Data', load: async () => (await import('./commands/restore.ts')).restore },
  { name: 'import', group: 'Data', load: async () => (await import('./commands/import.ts')).importVerb },
  { name: 'monitor', group: 'Understand', load: async () => (await import('./commands/monitor.ts')).monitor },
  { name: 'runbook', group: 'Understand', load: async () => (await import('./commands/alerts.ts')).runbook },
  { name: 'silence', group: 'Understand', load: async () => (await import('./commands/alerts.ts')).silence },
  {
    name: 'optimize',
    group: 'Understand',
    load: async () => (await import('./commands/usage.ts')).optimize,
  },
  {
    name: 'completion',
    group: 'Understand',
    load: async () => (await import('./commands/completion.ts')).completion(loadVerbs),
  },
  {
    name: 'check-deps',
    group: 'Understand',
    load: async () => (await import('./commands/check-deps.ts')).checkDeps,
  },
  {
    name: 'architecture',
    group: 'Understand',
    load: async () => (await import('./commands/topology.ts')).architecture,
  },
  {
    name: 'resources',
    group: 'Understand',
    load: async () => (await import('./commands/usage.ts')).resources,
  },
  {
    name: 'network',
    group: 'Understand',
    load: async () => (await import('./commands/topology.ts')).network,
  },
];

/** All verbs, loaded. */
export const loadVerbs = (): Promise<readonly Command[]> => Promise.all(VERBS.map(({ load }) => load()));
