/** Runs a Job and waits for it. */
import { Failure, messageOf } from '../core/failure.ts';
import {
  type CronJob,
  cronJob,
  type Job,
  jobFrom,
  jobStatus,
  jobSuffix,
  type Outcome,
  outcomeOf,
  plainLine,
} from '../core/jobs.ts';
import { hopeless, type Pod, pod, reasonOf } from '../core/workloads.ts';
import { interrupted } from '../tools/interrupt.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import { errorLine } from '../tools/run.ts';
import { patiently, until } from '../tools/wait.ts';

const PAUSE_MS = 1000;
/** A Job continues while the API server is away. */
const AWAY_SECONDS = 300;

export interface JobResult {
  readonly log: string;
  readonly seconds: number;
}

export interface RunJobOptions {
  /** The Job's purpose for messages, such as `backup of security`. */
  readonly title: string;
  /** @default 3600 */
  readonly timeoutSeconds?: number;
  /** Receives what the command waits for, or the Job's last line. @default none */
  readonly report?: (text: string) => void;
}

/** The CronJob of that name. @throws Failure when the cluster has none. */
export async function needCronJob(kubectl: Kubectl, namespace: string, name: string): Promise<CronJob> {
  const found = await findCronJob(kubectl, namespace, name);
  if (!found)
    throw new Failure(
      `cluster ${kubectl.context}: no CronJob ${namespace}/${name}`,
      'apply the platform first',
    );
  return found;
}

/** The CronJob of that name; undefined when the cluster has none. */
export async function findCronJob(
  kubectl: Kubectl,
  namespace: string,
  name: string,
): Promise<CronJob | undefined> {
  const args = ['get', 'cronjob', name, `--namespace=${namespace}`, '--ignore-not-found'];
  return (await kubectl.objects(cronJob, args))[0];
}

/**
 * Runs the Job to its end. Deletes it after success, after an interruption, and when its pod cannot start,
 * because it must not run later, unattended. A failed Job stays for inspection.
 *
 * @throws Failure with the line of its log that names the error, or why its pod cannot start.
 */
export async function runJob(kubectl: Kubectl, job: Job, options: RunJobOptions): Promise<JobResult> {
  await kubectl.create([job]);
  let done = false;
  try {
    const seconds = await finished(kubectl, job, options);
    const log = await patiently(AWAY_SECONDS, () => jobLog(kubectl, job));
    done = true;
    return { log, seconds };
  } finally {
    if (done || interrupted.aborted) await removeJob(kubectl, job.metadata);
  }
}

/** The kernel does not deliver SIGTERM to PID 1 without a trap. */
const WAIT = ['bash', '-c', 'trap "exit 0" TERM; sleep infinity & wait'];
const POD_SECONDS = 120;

/** Runs `work` with a pod that only waits, then deletes it. `exec` begins a kubectl command in that pod. */
export async function withPod<T>(
  kubectl: Kubectl,
  template: CronJob,
  title: string,
  work: (exec: readonly string[]) => Promise<T>,
): Promise<T> {
  const job = jobFrom(template, { suffix: jobSuffix(new Date()), command: WAIT });
  const { namespace } = job.metadata;
  await kubectl.create([job]);
  try {
    const name = await runningPod(kubectl, job, title);
    return await work(['exec', '--stdin', `--namespace=${namespace}`, name, '--']);
  } finally {
    await removeJob(kubectl, job.metadata, 'now');
  }
}

async function runningPod(kubectl: Kubectl, job: Job, title: string): Promise<string> {
  return until({ seconds: POD_SECONDS, pauseMs: PAUSE_MS }, async (late) => {
    const found = await podOf(kubectl, job);
    if (found?.status.phase === 'Running') return found.metadata.name;
    if (found?.status.phase === 'Failed' || late() || (found && hopeless(found, new Date())))
      throw new Failure(`${title}: its pod does not run (${await progress(kubectl, job, found)})`, hint(job));
    return undefined;
  });
}

/** Deletes a Job; unless `now`, waits until its pods are gone. */
export async function removeJob(
  kubectl: Kubectl,
  { name, namespace }: Job['metadata'],
  how: 'gently' | 'now' = 'gently',
): Promise<void> {
  await kubectl.tidy([
    'delete',
    'job',
    name,
    `--namespace=${namespace}`,
    '--ignore-not-found',
    '--cascade=foreground',
    ...(how === 'now' ? ['--wait=false'] : []),
  ]);
}

async function finished(
  kubectl: Kubectl,
  job: Job,
  { title, timeoutSeconds = 3600, report }: RunJobOptions,
): Promise<number> {
  return until({ seconds: timeoutSeconds, pauseMs: PAUSE_MS }, async (late) => {
    const outcome = await patiently(AWAY_SECONDS, () => look(kubectl, job));
    if (outcome.state === 'done') return outcome.seconds;
    if (outcome.state === 'failed')
      throw new Failure(`${title} failed: ${await reason(kubectl, job, outcome.message)}`, hint(job));
    const found = await patiently(AWAY_SECONDS, () => podOf(kubectl, job));
    const stuck = found && hopeless(found, new Date());
    if (stuck) {
      await removeJob(kubectl, job.metadata, 'now');
      throw new Failure(
        `${title}: its pod does not start (${stuck})`,
        'expected an image that its node has or can pull, and the Secrets it names',
      );
    }
    report?.(await patiently(AWAY_SECONDS, () => progress(kubectl, job, found)));
    if (late())
      throw new Failure(
        `${title}: not done after ${timeoutSeconds} s (${await progress(kubectl, job, found)})`,
        hint(job),
      );
    return undefined;
  });
}

/** The line in which a script names its error. */
const FATAL = /^fatal: (.*)$/m;

const hint = ({ metadata: { name, namespace } }: Job): string =>
  `see kubectl logs --namespace ${namespace} job/${name}`;

async function look(kubectl: Kubectl, { metadata: { name, namespace } }: Job): Promise<Outcome> {
  const [found] = await kubectl.objects(jobStatus, ['get', 'job', name, `--namespace=${namespace}`]);
  return found ? outcomeOf(found) : { state: 'running' };
}

async function podOf(kubectl: Kubectl, { metadata: { name, namespace } }: Job): Promise<Pod | undefined> {
  const selector = `--selector=batch.kubernetes.io/job-name=${name}`;
  return (await kubectl.objects(pod, ['get', 'pods', `--namespace=${namespace}`, selector]))[0];
}

/** Why the Job's pod does not run yet, or the pod's last line. */
async function progress(kubectl: Kubectl, job: Job, found: Pod | undefined): Promise<string> {
  if (!found) return 'waiting for its pod';
  if (found.status.phase === 'Pending') return reasonOf(found) ?? 'starting';
  const last = await jobLog(kubectl, job, 1).catch(messageOf);
  return plainLine(last.trim()) || 'running';
}

/** The log of the Job's pod. @param tail number of last lines. @default all */
export async function jobLog(kubectl: Kubectl, { metadata }: Job, tail = -1): Promise<string> {
  const { name, namespace } = metadata;
  return kubectl.output(['logs', `job/${name}`, `--namespace=${namespace}`, `--tail=${tail}`]);
}

async function reason(kubectl: Kubectl, job: Job, otherwise: string): Promise<string> {
  const log = await patiently(AWAY_SECONDS, () => jobLog(kubectl, job)).catch(messageOf);
  const plain = log.split('\n').map(plainLine).join('\n');
  return FATAL.exec(plain)?.[1] ?? (errorLine(plain) || otherwise || 'it left no log');
}
