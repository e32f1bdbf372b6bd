import { namespaceOf } from '../../charts/constructs/names.ts';
import { REDIS } from '../../charts/graph/model.ts';
import {
  chooseBackup,
  type DatabaseOfService,
  databasesOf,
  type StoredBackup,
  takenAt,
} from '../core/backup.ts';
import { needOwnRedis } from '../core/external.ts';
import { Failure } from '../core/failure.ts';
import { backupToRestore, nextStep, type RestoreState } from '../core/restore.ts';
import { age } from '../core/status.ts';
import { checkSnapshot, restoreRedis } from '../steps/redis-data.ts';
import { begunRestore, checkEngine, type RestoreResult, restoreDatabase } from '../steps/restore.ts';
import type { Target } from '../steps/target.ts';
import { listBackups, storeBackup } from '../steps/volume.ts';
import { checkTools } from '../tools/check-tools.ts';
import { printComparison } from './backup.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import { type ClusterOptions, confirmation, targetOf, verb, withCluster } from './options.ts';
import { json, line } from './print.ts';
import { showing } from './progress.ts';

export interface RestoreOptions extends ClusterOptions, ConfirmOptions {
  readonly from: string;
  readonly safetyBackup: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export const restore = withCluster(
  verb(
    'restore',
    "restore a service's database, or redis, from a backup; what is there is backed up first",
    './platform restore security --from latest',
  )
    .argument('<service>', 'service whose database is meant, or redis')
    .option(
      '--from <id>',
      'id of the backup, or its time, or "latest", or a dump that --out fetched',
      'latest',
    )
    .option('--no-safety-backup', 'do not back up what is there')
    .option('--dry-run', 'show what would be done')
    .option('--json', 'print the result as JSON')
    .addOption(confirmation()),
).action(async (service: string, options: RestoreOptions) => {
  const target = await targetOf(options);
  if (service === REDIS) return redisFrom(target, options);
  const database = databaseOf('restore', target, service);
  checkEngine('restore', target);
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  const begun = await begunRestore(target, service);
  const from = isFile(options.from) ? await store(target, database, options) : options.from;
  const stored = await showing(options, {
    title: `List the backups of ${service}`,
    work: () => listBackups(target, [database]),
  });
  const chosen = chooseBackup('restore', service, stored, backupToRestore(service, from, begun));
  await restoreChosen(target, database, chosen, begun, options);
});

/** Restores all data of Redis from a snapshot that `backup --all` downloaded. */
async function redisFrom(target: Target, options: RestoreOptions): Promise<void> {
  needOwnRedis('restore', target.config);
  const { from, dryRun, safetyBackup: safety } = options;
  if (from === 'latest')
    throw new Failure('restore: redis has no backups in the cluster', 'name one with --from redis-….rdb');
  await checkSnapshot(from);
  const plan = [
    safety
      ? `Saves what Redis has beside ${from}.`
      : 'Does not save what Redis has: what was written since is lost.',
    `Checks ${from} in its pod, and starts Redis with that data; for some seconds Redis answers no request.`,
  ];
  if (!options.json) for (const text of plan) line(text);
  if (dryRun) {
    if (options.json) json({ service: REDIS, backup: from, plan });
    return;
  }
  await checkTools(['kubectl']);
  await target.kubectl.reach();
  await confirm('restore', `Replace all data of Redis at ${target.kubectl.context}?`, options);
  const result = await showing(options, {
    title: `Restore ${REDIS} from ${from}`,
    work: (report) => restoreRedis(target, from, { safety, report }),
  });
  if (options.json) return json(result);
  line(`redis has ${result.keys} keys, and was away for ${result.awaySeconds} s.`);
  if (result.safety) line(`What was there before: ./platform restore redis --from ${result.safety}`);
}

const isFile = (from: string): boolean => from.includes('/') || from.endsWith('.dump');

const store = (target: Target, database: DatabaseOfService, options: RestoreOptions): Promise<string> =>
  showing(options, {
    title: `Send ${options.from}`,
    work: (say) => storeBackup(target, database, options.from, say),
  });

export function databaseOf(name: string, target: Target, service: string): DatabaseOfService {
  const [database] = databasesOf(name, target.config, target.services, [service]);
  if (!database) throw new Failure(`${name}: "${service}" has no database`);
  return database;
}

/** Says what a restore will do, asks, restores, and prints the result. */
export async function restoreChosen(
  target: Target,
  database: DatabaseOfService,
  chosen: StoredBackup,
  begun: RestoreState | undefined,
  options: RestoreOptions,
): Promise<void> {
  const { service } = database;
  const plan = planOf(database, chosen, begun, options);
  if (!options.json) for (const text of plan) line(text);
  if (options.dryRun) {
    if (options.json) json({ service, backup: chosen.id, plan });
    return;
  }
  await confirm(
    'restore',
    `Restore ${database.database} of ${options.env} at ${target.kubectl.context}?`,
    options,
  );
  const result = await showing(options, {
    title: `Restore ${service} from ${chosen.id}`,
    work: (report) => restoreDatabase(target, service, chosen.id, { safety: options.safetyBackup, report }),
  });
  print(target, result, options);
}

function planOf(
  { service, database }: DatabaseOfService,
  { id }: StoredBackup,
  begun: RestoreState | undefined,
  { safetyBackup }: RestoreOptions,
): readonly string[] {
  const old = age(Math.round((Date.now() - takenAt(id).getTime()) / 1000));
  return [
    ...(begun ? [`Goes on with the restore begun at ${begun.begunAt}.`] : []),
    `Stops ${service}; what calls it is answered with errors until it is back.`,
    safetyBackup
      ? `Backs up ${database} as it is.`
      : `Does not back up ${database} as it is: what was written after the backup is lost.`,
    `Restores ${id} (${old} old) into a database beside it and compares every table.`,
    `Swaps the two, deletes the old one, and starts ${service}, which brings the schema up to date.`,
  ];
}

function print(target: Target, result: RestoreResult, options: RestoreOptions): void {
  const { service, id, safety, recoverySeconds } = result;
  const next = nextStep(service, namespaceOf(target.config, 'app'), id);
  if (options.json) {
    json({ ...result, ...(next ? { next } : {}) });
    return;
  }
  printComparison(id, result);
  line(`${service} was away for ${recoverySeconds} s.`);
  if (safety) line(`What was there before: ./platform restore ${service} --from ${safety}`);
  if (next) line(next);
}
