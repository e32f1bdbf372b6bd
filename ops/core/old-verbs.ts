/** The verbs of the scripts this command replaces, and what each is now: the source of the table in docs/operations.md. */

import { markdownTable } from './markdown.ts';

export interface OldVerb {
  readonly script: 'docker-dev' | 'docker-build' | 'docker-deploy';
  readonly verb: string;
  /** The command line it is now. */
  readonly now: string;
  /** What is not the same. @default nothing */
  readonly note?: string;
}

const of = (
  script: OldVerb['script'],
  rows: readonly (readonly [verb: string, now: string, note?: string])[],
): readonly OldVerb[] =>
  rows.map(([verb, now, note]) => ({ script, verb, now, ...(note === undefined ? {} : { note }) }));

export const OLD_VERBS: readonly OldVerb[] = [
  ...of('docker-dev', [
    ['setup', 'setup'],
    ['start', 'start', '`up` when code or configuration changed'],
    ['stop', 'stop', 'data stays; `down` deletes the cluster'],
    ['restart', 'restart', 'rolling, no request is lost'],
    ['build', 'build'],
    ['logs', 'logs --follow'],
    ['status', 'status'],
    ['health', 'health'],
    ['shell SERVICE', 'shell SERVICE'],
    ['test', 'test'],
    ['test SERVICE', 'test SERVICE'],
    ['database SERVICE', 'database SERVICE'],
    ['redis', 'redis'],
    ['monitor', 'monitor'],
    ['resources', 'resources'],
    ['network', 'network', '`--probe` proves it'],
    ['backup', 'backup'],
    ['restore', 'restore SERVICE', 'beside the old database, then swapped'],
    ['clean', 'clean'],
    ['check-deps', 'check-deps'],
    ['optimize', 'optimize', 'suggests, changes nothing'],
    ['architecture', 'architecture', '`--format mermaid` for pages'],
  ]),
  ...of('docker-build', [
    ['all', 'build'],
    ['SERVICE', 'build SERVICE'],
    ['push', 'push'],
    ['clean', 'clean --builder-cache'],
    ['summary', 'summary'],
    ['scan', 'scan'],
  ]),
  ...of('docker-deploy', [
    ['deploy ENVIRONMENT', 'deploy ENVIRONMENT'],
    ['rollback ENVIRONMENT', 'rollback ENVIRONMENT', 'a revision may follow'],
    ['status', 'status --env ENVIRONMENT'],
    ['validate ENVIRONMENT', 'validate ENVIRONMENT'],
    ['backup', 'backup --env ENVIRONMENT'],
  ]),
];

const code = (text: string): string => `\`${text}\``;

/** The table, in Markdown. */
export const oldVerbsTable = (): string =>
  markdownTable(
    ['before', 'now', ''],
    OLD_VERBS.map(({ script, verb, now, note = '' }) => [
      code(`${script} ${verb}`),
      code(`./platform ${now}`),
      note,
    ]),
  );
