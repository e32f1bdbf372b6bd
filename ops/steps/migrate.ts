/** Migrates the databases of a release before anything of it is rolled out. */
import { jobSuffix } from '../core/jobs.ts';
import { type DueMigration, migrationFrom, migrationJob, migrationsDue } from '../core/migrations.ts';
import { kubeObject } from '../core/objects.ts';
import type { Migration } from '../core/release.ts';
import { inParallel } from '../tools/parallel.ts';
import { runJob } from './jobs.ts';
import type { Target } from './target.ts';

/** Jobs at once: each starts a Python. */
const CONCURRENT = 3;

/** Services whose databases get another image, as the cluster is now. */
export async function dueMigrations({ kubectl, config, wanted }: Target): Promise<readonly DueMigration[]> {
  return migrationsDue(wanted, await kubectl.workloads(kubeObject, config.environment));
}

export interface MigrateOptions {
  /** Apply revisions what runs now does not work with. */
  readonly allowIncompatible: boolean;
  readonly report: (text: string) => void;
  /** Is told of each migration as soon as it is done: a later one may fail. */
  readonly onMigrated: (service: string, migration: Migration) => void;
}

/** @throws Failure naming the service, with the line of the job's log that says why. */
export async function migrateDatabases(
  { kubectl }: Target,
  due: readonly DueMigration[],
  { allowIncompatible, report, onMigrated }: MigrateOptions,
): Promise<void> {
  const suffix = jobSuffix(new Date());
  await inParallel(due, CONCURRENT, async (one) => {
    const { log } = await runJob(kubectl, migrationJob(one, { suffix, allowIncompatible }), {
      title: `migration of ${one.service}`,
      report: (text) => report(`${one.service}: ${text}`),
    });
    const migration = migrationFrom(one.service, log);
    if (migration) onMigrated(one.service, migration);
    report(`${one.service}: ${migration ? `${migration.before} → ${migration.after}` : 'up to date'}`);
  });
}
