/** Restores a service's database from a backup into a new database, and swaps it with the old one. */

import { z } from 'zod';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { restoreOf } from '../../charts/graph/model.ts';
import { type Comparison, comparisonFrom, type DatabaseOfService, databasesOf } from '../core/backup.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type CronJob, jobFrom, jobSuffix } from '../core/jobs.ts';
import { backupToRestore, type RestoreState, stateManifest, stateSchema } from '../core/restore.ts';
import { explain, pod, podsOf, progressOf, type Workload, workload } from '../core/workloads.ts';
import { checkInterrupted } from '../tools/interrupt.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { patiently, until } from '../tools/wait.ts';
import { backupDatabases } from './backup.ts';
import { needCronJob, removeJob, runJob } from './jobs.ts';
import type { Target } from './target.ts';

const PAUSE_MS = 1000;
/** Seconds the API server may be away. */
const AWAY_SECONDS = 300;

export interface Writer {
  readonly kubectl: Kubectl;
  readonly namespace: string;
  readonly service: string;
}

const deployment = z.looseObject({ spec: z.looseObject({ replicas: z.int().default(1) }) });

/** @throws Failure when the cluster lacks that Deployment. */
export async function replicasOf({ kubectl, namespace, service }: Writer): Promise<number> {
  const args = ['get', 'deployment', service, `--namespace=${namespace}`, '--ignore-not-found'];
  const [found] = await kubectl.objects(deployment, args);
  if (!found)
    throw new Failure(
      `cluster ${kubectl.context}: no Deployment ${namespace}/${service}`,
      'apply the platform first',
    );
  return found.spec.replicas;
}

/** An autoscaler ignores a Deployment with 0 replicas, and scales it again once it has some. */
const scale = ({ namespace, service }: Writer, replicas: number): readonly string[] => [
  'scale',
  `deployment/${service}`,
  `--replicas=${replicas}`,
  `--namespace=${namespace}`,
];

/** Stops the service and waits until its last pod has finished. */
export async function drain(writer: Writer, timeoutSeconds: number): Promise<void> {
  const { kubectl, namespace, service } = writer;
  await kubectl.output(scale(writer, 0));
  const selector = `--selector=app.kubernetes.io/name=${service}`;
  await until({ seconds: timeoutSeconds, pauseMs: PAUSE_MS }, async (late) => {
    const left = await patiently(AWAY_SECONDS, () =>
      kubectl.output(['get', 'pods', selector, `--namespace=${namespace}`, '--output=name']),
    );
    if (left.trim() === '') return true;
    if (late())
      throw new Failure(`restore: ${service} still runs ${timeoutSeconds} s after it was told to end`);
    return undefined;
  });
}

/** Scales the service up again; Ctrl-C does not interrupt it. */
export async function resumeWriter(writer: Writer, replicas: number): Promise<void> {
  await patiently(AWAY_SECONDS, () => writer.kubectl.tidy(scale(writer, replicas)));
}

/** @throws Failure with the pods' reasons when the service is not ready in time. */
export async function waitUntilReady(writer: Writer, timeoutSeconds: number): Promise<void> {
  const { namespace, service } = writer;
  await until({ seconds: timeoutSeconds, pauseMs: PAUSE_MS }, async (late) => {
    const found = await patiently(AWAY_SECONDS, () => deploymentOf(writer));
    if (found && progressOf(found).done) return true;
    if (late())
      throw new Failure(
        `${service}: not ready ${timeoutSeconds} s after its database was restored`,
        `see kubectl logs --namespace ${namespace} deploy/${service} --all-containers`,
        found ? await reasons(writer, found) : [],
      );
    return undefined;
  });
}

async function deploymentOf({ kubectl, namespace, service }: Writer): Promise<Workload | undefined> {
  return (await kubectl.objects(workload, ['get', 'deployment', service, `--namespace=${namespace}`]))[0];
}

async function reasons({ kubectl, namespace }: Writer, found: Workload): Promise<readonly string[]> {
  const pods = await kubectl.objects(pod, ['get', 'pods', `--namespace=${namespace}`]);
  return explain(found, podsOf(found, pods), []);
}

type RestoreTarget = Pick<Target, 'config' | 'services' | 'kubectl'>;

export interface RestoreOptions {
  /** Backs up the database before the restore. @default true */
  readonly safety?: boolean;
  /** Receives the progress. @default none */
  readonly report?: (text: string) => void;
}

export interface RestoreResult extends Comparison {
  readonly service: string;
  /** Id of the safety backup. @default none was taken */
  readonly safety?: string;
  /** Seconds from the service's stop until it was ready again. */
  readonly recoverySeconds: number;
}

/** Seconds a service may take to be ready again, including its migrations. */
const READY_SECONDS = 300;
/** Seconds beyond the pods' grace period. */
const DRAIN_MARGIN_SECONDS = 30;

/** The unfinished restore of that service. */
export async function begunRestore(
  { kubectl, config }: RestoreTarget,
  service: string,
): Promise<RestoreState | undefined> {
  const args = ['get', 'configmap', restoreOf(service), `--namespace=${namespaceOf(config, 'app')}`];
  return (await kubectl.objects(stateSchema, [...args, '--ignore-not-found']))[0];
}

/**
 * Scales the service to zero, backs up its database, restores the backup into a new one, compares every
 * table, swaps the two and scales the service up again. When a step fails, the old database stays in place
 * and the service is scaled up again. After a kill, the next call resumes.
 *
 * @param backupId as `backup --list` shows it.
 * @throws Failure when a step fails, or the environment's database engine restores in another way.
 */
export async function restoreDatabase(
  target: RestoreTarget,
  service: string,
  backupId: string,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  const restore = await prepare(target, service, backupId);
  const started = Date.now();
  const begun = await (restore.begun ? resume(restore, restore.begun) : begin(restore, backupId));
  const state = await remember(restore, begun);
  const result = await replace(restore, state, options).catch(async (error: unknown) => {
    await end(restore, state, error);
    throw error;
  });
  await end(restore, state);
  return { ...result, recoverySeconds: Math.round((Date.now() - started) / 1000) };
}

/** Stops the service, replaces its database and waits until the service is ready again. */
async function replace(
  restore: Restore,
  state: RestoreState,
  options: RestoreOptions,
): Promise<Omit<RestoreResult, 'recoverySeconds'>> {
  const { report = () => undefined } = options;
  const { writer, target } = restore;
  report(`stopping ${writer.service}`);
  await drain(writer, target.config.terminationSeconds + DRAIN_MARGIN_SECONDS);
  const { safety } = await secure(restore, state, options);
  checkInterrupted();
  const comparison = await swap(restore, state, report);
  report(`starting ${writer.service}: its migrations run`);
  await resumeWriter(writer, state.replicas);
  await waitUntilReady(writer, READY_SECONDS);
  return { ...comparison, service: writer.service, ...(safety ? { safety } : {}) };
}

/** Always scales the service up again and deletes the stored state. Rethrows an earlier failure. */
async function end(restore: Restore, state: RestoreState, cause?: unknown): Promise<void> {
  const { service } = restore.writer;
  try {
    await resumeWriter(restore.writer, state.replicas);
    await forget(restore);
  } catch (error) {
    const before = cause === undefined ? '' : `${messageOf(cause)}; and `;
    throw new Failure(
      `${before}${service} could not be started again (${messageOf(error)})`,
      `run ./platform restore ${service} again: it goes on from here`,
    );
  }
}

interface Restore {
  readonly target: RestoreTarget;
  readonly database: DatabaseOfService;
  readonly template: CronJob;
  readonly writer: Writer;
  readonly begun: RestoreState | undefined;
}

/** @throws Failure for an engine that restores databases itself. */
export function checkEngine(verb: string, { config }: Pick<Target, 'config'>): void {
  if (config.databases.engine === 'cloudnative-pg')
    throw new Failure(
      `${verb}: databases.engine is cloudnative-pg, whose operator restores its clusters itself`,
      'see spec.bootstrap.recovery of its Cluster',
    );
}

async function prepare(target: RestoreTarget, service: string, backupId: string): Promise<Restore> {
  checkEngine('restore', target);
  const [database] = databasesOf('restore', target.config, target.services, [service]);
  if (!database) throw new Failure(`restore: ${service} has no database`);
  const namespace = namespaceOf(target.config, 'app');
  const begun = await begunRestore(target, service);
  backupToRestore(service, backupId, begun);
  const template = await needCronJob(target.kubectl, namespace, restoreOf(service));
  return { target, database, template, begun, writer: { kubectl: target.kubectl, namespace, service } };
}

async function begin({ writer }: Restore, backup: string): Promise<RestoreState> {
  const now = new Date();
  return { run: jobSuffix(now), backup, replicas: await replicasOf(writer), begunAt: now.toISOString() };
}

/**
 * Stops what a killed command left running. If the service ran meanwhile, it may have written, so the restore
 * takes a new safety backup.
 */
async function resume({ writer }: Restore, begun: RestoreState): Promise<RestoreState> {
  const { kubectl, namespace, service } = writer;
  await removeJob(kubectl, { name: `${restoreOf(service)}-${begun.run}`, namespace });
  if ((await replicasOf(writer)) === 0) return begun;
  const { safety: _stale, ...rest } = begun;
  return rest;
}

async function remember({ target, writer }: Restore, state: RestoreState): Promise<RestoreState> {
  await target.kubectl.apply([stateManifest(writer.namespace, writer.service, state)]);
  return state;
}

async function forget({ writer: { kubectl, namespace, service } }: Restore): Promise<void> {
  await kubectl.tidy([
    'delete',
    'configmap',
    restoreOf(service),
    `--namespace=${namespace}`,
    '--ignore-not-found',
  ]);
}

/** Runs while the service is stopped, so that the safety backup contains its last write. */
async function secure(
  restore: Restore,
  state: RestoreState,
  { safety = true, report = () => undefined }: RestoreOptions,
): Promise<RestoreState> {
  if (!safety || state.safety) return state;
  report('backing up what is there');
  const [taken] = await backupDatabases(restore.target, [restore.writer.service], (_, text) => report(text));
  return remember(restore, taken ? { ...state, safety: taken.id } : state);
}

async function swap(
  { target, template, writer }: Restore,
  { backup, run }: RestoreState,
  report: (text: string) => void,
): Promise<Comparison> {
  const job = jobFrom(template, { suffix: run, env: { BACKUP: backup, RUN: run } });
  const title = `restore of ${writer.service}`;
  const { log } = await runJob(target.kubectl, job, { title, report });
  return comparisonFrom(title, log);
}
