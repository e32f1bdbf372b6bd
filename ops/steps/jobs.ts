/** Runs a Job and waits for it. */
import { Failure, messageOf } from '../core/failure.ts';
import { type CronJob, cronJob, type Job, jobStatus, type Outcome, outcomeOf } from '../core/jobs.ts';
import { pod, reasonOf } from '../core/workloads.ts';
import { interrupted, pause } from '../tools/interrupt.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { errorLine } from '../tools/run.ts';

const PAUSE_MS = 1000;

export interface JobResult {
  readonly log: string;
  readonly seconds: number;
}

export interface RunJobOptions {
  /** What the job does, for messages, such as `backup of security`. */
  readonly title: string;
  /** @default 3600 */
  readonly timeoutSeconds?: number;
  /** Is told what is waited for, or what the job said last. @default nobody */
  readonly report?: (text: string) => void;
}

/** The CronJob of that name, or nothing when the cluster has none. */
export async function findCronJob(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<CronJob | undefined> {
  const args = ['get', 'cronjob', name, `--namespace=${namespace}`, '--ignore-not-found'];
  return (await kubectl.objects(cronJob, args))[0];
}

/**
 * Runs the Job to its end. It is removed when it is done, and when the command is interrupted; one that failed stays.
 *
 * @throws Failure with the line of its log that names the error.
 */
export async function runJob(kubectl: Kubectl, job: Job, options: RunJobOptions): Promise<JobResult> {
  await kubectl.create([job]);
  let done = false;
  try {
    const seconds = await finished(kubectl, job, options);
    const log = await logOf(kubectl, job);
    done = true;
    return { log, seconds };
  } finally {
    if (done || interrupted.aborted) await removeJob(kubectl, job.metadata);
  }
}

/** Ends a Job and waits until its pods are gone. */
export async function removeJob(kubectl: Kubectl, { name, namespace }: Job['metadata']): Promise<void> {
  await kubectl.tidy([
    'delete',
    'job',
    name,
    `--namespace=${namespace}`,
    '--ignore-not-found',
    '--cascade=foreground',
  ]);
}

async function finished(
  kubectl: Kubectl,
  job: Job,
  { title, timeoutSeconds = 3600, report }: RunJobOptions,
): Promise<number> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const outcome = await look(kubectl, job);
    if (outcome.state === 'done') return outcome.seconds;
    if (outcome.state === 'failed')
      throw new Failure(`${title} failed: ${await reason(kubectl, job, outcome.message)}`, hint(job));
    report?.(await progress(kubectl, job));
    if (Date.now() > deadline)
      throw new Failure(
        `${title}: not done after ${timeoutSeconds} s (${await progress(kubectl, job)})`,
        hint(job),
      );
    await pause(PAUSE_MS);
  }
}

const hint = ({ metadata: { name, namespace } }: Job): string =>
  `see kubectl logs --namespace ${namespace} job/${name}`;

async function look(kubectl: Kubectl, { metadata: { name, namespace } }: Job): Promise<Outcome> {
  const [found] = await kubectl.objects(jobStatus, ['get', 'job', name, `--namespace=${namespace}`]);
  return found ? outcomeOf(found) : { state: 'running' };
}

const podArguments = ({ metadata: { name, namespace } }: Job): readonly string[] => [
  'pods',
  `--namespace=${namespace}`,
  `--selector=batch.kubernetes.io/job-name=${name}`,
];

/** Why its pod does not run yet, or the last line it wrote. */
async function progress(kubectl: Kubectl, job: Job): Promise<string> {
  const [found] = await kubectl.objects(pod, ['get', ...podArguments(job)]);
  if (!found) return 'waiting for its pod';
  if (found.status.phase === 'Pending') return reasonOf(found) ?? 'starting';
  const last = await logOf(kubectl, job, 1).catch(messageOf);
  return last.trim() || 'running';
}

async function logOf(kubectl: Kubectl, { metadata }: Job, tail = -1): Promise<string> {
  const { name, namespace } = metadata;
  return kubectl.output(['logs', `job/${name}`, `--namespace=${namespace}`, `--tail=${tail}`]);
}

async function reason(kubectl: Kubectl, job: Job, otherwise: string): Promise<string> {
  const log = await logOf(kubectl, job).catch(messageOf);
  return errorLine(log) || otherwise || 'it left no log';
}
