/** Jobs made from the templates of rendered CronJobs, and their results. */
import { z } from 'zod';

const environmentVariable = z.looseObject({ name: z.string(), value: z.string().optional() });

const container = z.looseObject({
  name: z.string(),
  command: z.array(z.string()).default([]),
  env: z.array(environmentVariable).default([]),
});

export const cronJob = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({
    jobTemplate: z.looseObject({
      spec: z.looseObject({
        template: z.looseObject({
          spec: z.looseObject({ containers: z.tuple([container]).rest(z.unknown()) }),
        }),
      }),
    }),
  }),
});
export type CronJob = z.output<typeof cronJob>;

/** How a Job differs from the template of its CronJob. */
export interface JobChanges {
  /** The Job's name is the CronJob's name and this suffix. */
  readonly suffix: string;
  /** Variables that extend or replace those of the template. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /** @default the template's */
  readonly command?: readonly string[];
}

export interface Job {
  readonly apiVersion: 'batch/v1';
  readonly kind: 'Job';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

/** Seconds Kubernetes keeps a failed Job, so that a person can read its log. */
const KEPT_SECONDS = 86_400;

/**
 * A Job that runs the template of a CronJob once, now. It has no inventory label, so it is not pruned. It has
 * no retries: the person who started it decides after a failure.
 */
export function jobFrom({ metadata, spec }: CronJob, { suffix, env = {}, command }: JobChanges): Job {
  const { template, ...jobSpec } = spec.jobTemplate.spec;
  const [first, ...others] = template.spec.containers;
  const kept = first.env.filter(({ name }) => env[name] === undefined);
  const changed = {
    ...first,
    command: command ?? first.command,
    env: [...kept, ...Object.entries(env).map(([name, value]) => ({ name, value }))],
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `${metadata.name}-${suffix}`, namespace: metadata.namespace },
    spec: {
      ...jobSpec,
      backoffLimit: 0,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: { ...template, spec: { ...template.spec, containers: [changed, ...others] } },
    },
  };
}

export const jobStatus = z.looseObject({
  status: z.looseObject({
    startTime: z.string().optional(),
    completionTime: z.string().optional(),
    conditions: z
      .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
      .default([]),
  }),
});
export type JobStatus = z.output<typeof jobStatus>;

export type Outcome =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly seconds: number }
  | { readonly state: 'failed'; readonly message: string };

export function outcomeOf({ status }: JobStatus): Outcome {
  const holds = (type: string) =>
    status.conditions.find((condition) => condition.type === type && condition.status === 'True');
  const failed = holds('Failed');
  if (failed) return { state: 'failed', message: failed.message };
  if (!holds('Complete')) return { state: 'running' };
  const { startTime = '', completionTime = '' } = status;
  const seconds = Math.max(0, Math.round((Date.parse(completionTime) - Date.parse(startTime)) / 1000));
  return { state: 'done', seconds };
}

/** Eight characters that grow with time: Jobs of one CronJob sort by age, and their names never collide. */
export const jobSuffix = (now: Date): string => now.getTime().toString(36);

const logLine = z.looseObject({ message: z.string() });

/** The text of a log line; of a JSON line, its message. */
export function plainLine(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const parsed = logLine.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data.message : line;
  } catch {
    return line;
  }
}
