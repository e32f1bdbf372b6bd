/** What deploy and rollback share: the changes, the question, the steps under the lock, the rollback. */
import { type DefaultRenderer, Listr, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import { Failure } from '../core/failure.ts';
import { beforeMigrations } from '../core/migrations.ts';
import { type KubeObject, title } from '../core/objects.ts';
import { changes, type Plan, summary } from '../core/plan.ts';
import type { Obstacle, Release } from '../core/release.ts';
import { applyDue, dueOf } from '../steps/apply.ts';
import { backupDatabases } from '../steps/backup.ts';
import { bringImages, describeBrought } from '../steps/images.ts';
import { type CheckLock, withLock } from '../steps/lock.ts';
import {
  begin,
  dueMigrations,
  finish,
  lockNamespace,
  migrateDatabases,
  type NewRelease,
  rollbackRelease,
  type Undertaking,
} from '../steps/release.ts';
import { restoreDatabase } from '../steps/restore.ts';
import { podIds, waitForRollout } from '../steps/rollout.ts';
import { smokeTest } from '../steps/smoke.ts';
import type { Target } from '../steps/target.ts';
import type { KindCluster } from '../tools/kind.ts';
import { line } from './print.ts';
import { SHOWN } from './progress.ts';

/** Runs one step at a time and shows its duration; shows nothing when the command prints JSON. */
export function stepList<C>(
  { json: quiet }: { readonly json?: boolean },
  tasks: ConstructorParameters<typeof Listr<C>>[0],
) {
  return quiet
    ? new Listr<C, 'silent'>(tasks, { renderer: 'silent', registerSignalListeners: false })
    : new Listr<C>(tasks, SHOWN);
}

/** Shows what an apply would do, object by object. */
export function showPlan(plan: Plan): void {
  for (const object of plan.created) line(`+ ${title(object)}`);
  for (const object of plan.changed) line(`~ ${title(object)}${madeAnew(plan, object)}`);
  for (const object of plan.pruned) line(`- ${title(object)}`);
  for (const { object, reason } of plan.refused) line(`! ${title(object)}: ${reason}`);
  for (const note of plan.adapted.notes) line(`= ${note}`);
  line(summary(plan));
}

const madeAnew = ({ recreated }: Plan, object: KubeObject): string =>
  recreated.includes(object) ? ' (recreated; its pods and volumes stay)' : '';

export interface ReleaseOptions {
  readonly json?: boolean;
  readonly timeout: number;
  /** Take a backup of every database first. */
  readonly backup: boolean;
  /** Apply migrations that are incompatible with the running release. */
  readonly allowIncompatible: boolean;
  /** Roll back to the previous release when a step fails. */
  readonly rollbackOnFailure: boolean;
  /** Databases to restore from a backup with this release: their present schema is incompatible with it. */
  readonly restore: readonly Obstacle[];
}

type Task = ListrTaskWrapper<Undertaking, typeof DefaultRenderer, typeof SimpleRenderer>;

/** The input of the steps. */
interface Work {
  readonly target: Target;
  readonly plan: Plan;
  readonly local: KindCluster | undefined;
  readonly options: ReleaseOptions;
  readonly checkLock: CheckLock;
  readonly before: ReadonlySet<string>;
}

/**
 * Makes the release while it holds the environment's Lease, so that no other command changes the environment.
 *
 * @param extra steps before the backup.
 * @throws Failure that names the failed step, the cause and the outcome.
 */
export async function makeRelease(
  target: Target,
  newRelease: NewRelease,
  local: KindCluster | undefined,
  options: ReleaseOptions,
): Promise<Release> {
  const { kubectl } = target;
  const { plan } = newRelease;
  // The namespaces hold the lock and the release record.
  await kubectl.apply(plan.created.filter(({ kind }) => kind === 'Namespace'));
  return withLock(kubectl, lockNamespace(target), async (checkLock) => {
    const undertaking = await begin(target, newRelease);
    try {
      const before = await podIds(target);
      await stepList(options, steps({ target, plan, local, options, checkLock, before })).run(undertaking);
    } catch (error) {
      throw await rollbackAfterFailure(target, undertaking, error, options);
    }
    return finish(target, undertaking);
  });
}

function steps(work: Work): ConstructorParameters<typeof Listr<Undertaking>>[0] {
  const { local, options, plan, checkLock } = work;
  const step = (name: string, enabled: boolean, task: (made: Undertaking, shown: Task) => Promise<void>) => ({
    title: name,
    enabled,
    task: (made: Undertaking, shown: Task) => {
      checkLock();
      return task(made, shown);
    },
  });
  const changing = changes(plan) > 0;
  return [
    step('Load images', local !== undefined, (_, shown) => load(work, shown)),
    step('Back up', changing && options.backup, (made, shown) => backUp(work, made, shown)),
    step('Migrate', changing, (made, shown) => migrate(work, made, shown)),
    step('Apply', changing, (made, shown) => apply(work, made, shown)),
    step('Restore databases', options.restore.length > 0, (made, shown) => restore(work, made, shown)),
    step('Roll out', true, (_, shown) => rollOut(work, shown)),
    step('Smoke test', true, (_, shown) => smoke(work, shown)),
  ];
}

async function load({ local, target }: Work, shown: Task): Promise<void> {
  if (!local) return;
  const brought = await bringImages(local, target.wanted, (text) => {
    shown.output = text;
  });
  shown.title = describeBrought(brought);
}

async function backUp({ target }: Work, made: Undertaking, shown: Task): Promise<void> {
  const backups = await backupDatabases(target, undefined, (service, text) => {
    shown.output = `${service}: ${text}`;
  });
  const ids = Object.fromEntries(backups.map(({ service, id }) => [service, id]));
  made.release = { ...made.release, backups: ids };
  shown.title = `Back up: ${backups.length} databases`;
}

/** Applies policies first, because they open the Jobs' way to the databases. */
async function migrate({ target, plan, options }: Work, made: Undertaking, shown: Task): Promise<void> {
  const restored = options.restore.map(({ service }) => service);
  const due = (await dueMigrations(target)).filter(({ service }) => !restored.includes(service));
  if (due.length === 0) {
    shown.title = 'Migrate: no service gets another image';
    return;
  }
  made.touched = true;
  await applyDue(target.kubectl, plan, dueOf(plan, target.wanted).filter(beforeMigrations));
  await migrateDatabases(target, due, {
    allowIncompatible: options.allowIncompatible,
    report: (text) => {
      shown.output = text;
    },
    onMigrated: (service, migration) => {
      made.release = { ...made.release, migrations: { ...made.release.migrations, [service]: migration } };
    },
  });
  const done = Object.entries(made.release.migrations).map(
    ([service, { after }]) => `${service} to ${after}`,
  );
  shown.title = `Migrate: ${due.length} databases, ${done.length > 0 ? done.join(', ') : 'all up to date'}`;
}

async function apply({ target, plan }: Work, made: Undertaking, shown: Task): Promise<void> {
  made.touched = true;
  await applyDue(target.kubectl, plan, dueOf(plan, target.wanted));
  await target.kubectl.remove(plan.pruned);
  shown.title = `Apply: ${summary(plan)}`;
}

/** Runs after the apply, so that the previous release's pods find the previous databases. */
async function restore({ target, options }: Work, made: Undertaking, shown: Task): Promise<void> {
  for (const { service, backup, revision } of options.restore) {
    if (!backup)
      throw new Failure(`release ${revision} took no backup of ${service}`, 'it cannot be restored');
    await restoreDatabase(target, service, backup, {
      report: (text) => {
        shown.output = `${service}: ${text}`;
      },
    });
    made.release = { ...made.release, restored: { ...made.release.restored, [service]: revision } };
  }
  shown.title = `Restore databases: ${options.restore.map(({ service }) => service).join(', ')}`;
}

async function rollOut({ target, options, before }: Work, shown: Task): Promise<void> {
  const report = (text: string): void => {
    shown.output = text;
  };
  const count = await waitForRollout(target, options.timeout, report, before);
  shown.title = `Roll out: ${count} workloads ready`;
}

async function smoke({ target }: Work, shown: Task): Promise<void> {
  const result = await smokeTest(target, (text) => {
    shown.output = text;
  });
  shown.title = `Smoke test: ${result}`;
}

async function rollbackAfterFailure(
  target: Target,
  undertaking: Undertaking,
  error: unknown,
  options: ReleaseOptions,
): Promise<Failure> {
  let failure: Failure | undefined;
  const toRollBack = options.rollbackOnFailure ? undertaking : { ...undertaking, previous: undefined };
  await stepList<Undertaking>(options, [
    {
      title: 'Roll back',
      enabled: undertaking.touched && options.rollbackOnFailure,
      task: async (_, shown) => {
        failure = await rollbackRelease(target, toRollBack, error, {
          timeout: options.timeout,
          report: (text) => {
            shown.output = text;
          },
        });
      },
    },
  ]).run(undertaking);
  return (
    failure ??
    rollbackRelease(target, toRollBack, error, { timeout: options.timeout, report: () => undefined })
  );
}
