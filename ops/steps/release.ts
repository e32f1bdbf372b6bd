/** Makes and records a release, and rolls back when a step fails. */

import { existsSync } from 'node:fs';
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Topology } from '../../charts/graph/model.ts';
import { Failure, INTERRUPTED, messageOf } from '../core/failure.ts';
import { imagesOf } from '../core/images.ts';
import { jobSuffix } from '../core/jobs.ts';
import { type DueMigration, migrationFrom, migrationJob, migrationsDue } from '../core/migrations.ts';
import { kubeObject } from '../core/objects.ts';
import type { Override } from '../core/overrides.ts';
import { ROOT } from '../core/paths.ts';
import type { Plan } from '../core/plan.ts';
import {
  deployedRelease,
  digestOf,
  type Migration,
  manifestsOf,
  nextRevision,
  type Release,
  type ReleaseRecord,
  releaseOf,
} from '../core/release.ts';
import { hopeless, pod, podsOf, workload } from '../core/workloads.ts';
import { interrupted } from '../tools/interrupt.ts';
import { inParallel } from '../tools/parallel.ts';
import { stdoutOf } from '../tools/run.ts';
import { applyDue, dueOf } from './apply.ts';
import { runJob } from './jobs.ts';
import { createRecord, forgetExpired, readRecords, readReleases, updateRecord } from './releases.ts';
import { waitForRollout } from './rollout.ts';
import type { Target } from './target.ts';

/** The commit of these sources, `-dirty` when files differ from it; `unknown` outside a Git checkout. */
export async function sourceRevision(): Promise<string> {
  if (!existsSync(`${ROOT}/.git`)) return 'unknown';
  const args = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  return (await stdoutOf('git', args, { cwd: ROOT })).trim();
}

/** Parallel Jobs: each starts a Python. */
const CONCURRENT = 3;

/** Services whose databases get another image than the cluster now runs. */
export async function dueMigrations({ kubectl, config, wanted }: Target): Promise<readonly DueMigration[]> {
  return migrationsDue(wanted, await kubectl.workloads(kubeObject, config));
}

export interface MigrateOptions {
  /** Applies migrations that are incompatible with the running release. */
  readonly allowIncompatible: boolean;
  readonly report: (text: string) => void;
  /** Called after each migration, because a later one may fail. */
  readonly onMigrated: (service: string, migration: Migration) => void;
}

/** @throws Failure naming the service, with the line of the Job's log that says why. */
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

/** A running release: what the steps have done so far. */
export interface Undertaking {
  release: Release;
  /** The release has changed objects of the cluster. */
  touched: boolean;
  /** The record of the previously running release. */
  readonly previous: ReleaseRecord | undefined;
}

export interface NewRelease {
  readonly action: string;
  readonly overrides: readonly Override[];
  readonly plan: Plan;
  /** Newest revision at the time of the plan. */
  readonly seen: number;
}

/**
 * Writes the first entry of the release record. @throws Failure when another release was made since the plan.
 */
export async function begin(
  target: Target,
  { action, overrides, plan, seen }: NewRelease,
): Promise<Undertaking> {
  const { config, wanted } = target;
  const records = await readRecords(target);
  const releases = records.map(releaseOf);
  const revision = nextRevision(releases);
  if (revision !== seen + 1)
    throw new Failure(
      `${config.environment}: release ${revision - 1} was made after these changes were shown`,
      'look at them again',
    );
  const running = deployedRelease(releases)?.revision;
  const release: Release = {
    revision,
    environment: config.environment,
    status: 'pending',
    action,
    startedAt: new Date().toISOString(),
    source: await sourceRevision(),
    images: [...imagesOf(wanted)],
    overrides: [...overrides],
    digest: digestOf(wanted),
    changes: { created: plan.created.length, updated: plan.changed.length, pruned: plan.pruned.length },
    migrations: {},
    backups: {},
    restored: {},
  };
  await createRecord(target, release, wanted);
  return {
    release,
    touched: false,
    previous: records.find((record) => releaseOf(record).revision === running),
  };
}

/** Records success: the new release runs, and the previous one is superseded. */
export async function finish(target: Target, undertaking: Undertaking): Promise<Release> {
  const release = ended(undertaking.release, 'deployed');
  await updateRecord(target, release);
  const releases = await readReleases(target);
  for (const other of releases)
    if (other.status === 'deployed' && other.revision !== release.revision)
      await updateRecord(target, { ...other, status: 'superseded' });
  await forgetExpired(target, releases);
  return release;
}

function ended(release: Release, status: Release['status'], reason?: string): Release {
  const seconds = Math.round((Date.now() - Date.parse(release.startedAt)) / 100) / 10;
  return { ...release, status, seconds, ...(reason ? { reason } : {}) };
}

export interface RollbackOptions {
  readonly timeout: number;
  readonly report: (text: string) => void;
}

/**
 * After a failure: applies the previous release, waits until it is ready (not after Ctrl-C), and records the
 * outcome. Applies nothing when the databases' schema is now incompatible with the previous release.
 *
 * @returns the failure to throw: the cause, and the outcome of the rollback.
 */
export async function rollbackRelease(
  target: Target,
  undertaking: Undertaking,
  error: unknown,
  options: RollbackOptions,
): Promise<Failure> {
  const { release, touched, previous } = undertaking;
  const reason = messageOf(error);
  const details = error instanceof Failure ? error.details : [];
  const { status, outcome } = await rollbackOutcome(target, { release, touched, previous }, options);
  await updateRecord(target, ended(release, status, reason));
  const exit = interrupted.aborted ? INTERRUPTED : 1;
  return new Failure(`${release.action}: ${reason}`, outcome, details, exit);
}

interface Outcome {
  readonly status: 'failed' | 'rolled back';
  readonly outcome: string;
}

async function rollbackOutcome(
  target: Target,
  { release, touched, previous }: Undertaking,
  options: RollbackOptions,
): Promise<Outcome> {
  const { environment } = target.config;
  if (!touched) return { status: 'failed', outcome: 'nothing was changed' };
  const breaking = Object.entries(release.migrations).filter(([, one]) => !one.backwardCompatible);
  if (breaking.length > 0) {
    const services = breaking.map(([service]) => service).join(', ');
    return {
      status: 'failed',
      outcome: `not rolled back: the previous release is incompatible with the migrated databases of ${services}; ./platform rollback ${environment} --restore-backup restores their backups, too`,
    };
  }
  if (!previous)
    return {
      status: 'failed',
      outcome: 'there is no earlier release to roll back to: correct the cause and deploy again',
    };
  const { revision } = releaseOf(previous);
  try {
    await rollbackTo(target, previous, options);
    return { status: 'rolled back', outcome: `rolled back to release ${revision}` };
  } catch (failure) {
    return {
      status: 'failed',
      outcome: `the rollback to release ${revision} failed, too (${messageOf(failure)}): see ./platform status`,
    };
  }
}

async function rollbackTo(target: Target, previous: ReleaseRecord, options: RollbackOptions): Promise<void> {
  const { config } = target;
  const kubectl = target.kubectl.tidying;
  const topology = withoutExpectations(target.topology);
  const wanted = manifestsOf(previous);
  options.report('applying the previous release');
  const plan = await kubectl.plan(config.environment, wanted);
  await applyDue(kubectl, plan, dueOf(plan, wanted));
  await kubectl.remove(plan.pruned);
  await replaceStuckPods({ ...target, kubectl });
  if (!interrupted.aborted)
    await waitForRollout({ kubectl, config, topology }, options.timeout, options.report);
}

/** An earlier release may have had other components, so a rollback waits only for the workloads the cluster has. */
export const withoutExpectations = (topology: Topology): Topology => ({ ...topology, components: [] });

/** A StatefulSet does not replace a pod that never became ready, even after its template is corrected. */
async function replaceStuckPods({ kubectl, config }: Target): Promise<void> {
  const [workloads, pods] = await Promise.all([
    kubectl.workloads(workload, config),
    kubectl.pods(pod, config.environment),
  ]);
  const sets = workloads.filter(({ kind }) => kind === 'StatefulSet');
  const stuck = sets.flatMap((one) => podsOf(one, pods)).filter((one) => hopeless(one, new Date()));
  for (const { metadata } of stuck)
    await kubectl.output([
      'delete',
      'pod',
      metadata.name,
      `--namespace=${metadata.namespace}`,
      '--wait=false',
    ]);
}

export const lockNamespace = ({ config }: Pick<Target, 'config'>): string => namespaceOf(config, 'app');
