/** Which databases a release migrates, the Jobs that do it, and their reports. */
import { z } from 'zod';
import { NAME_LABEL } from '../../charts/constructs/names.ts';
import { migrateOf } from '../../charts/graph/model.ts';
import { MIGRATE_CONTAINER } from '../../charts/services/service.ts';
import { Failure } from './failure.ts';
import type { Job } from './jobs.ts';
import { identity, type KubeObject } from './objects.ts';
import type { Migration } from './release.ts';

const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
});
const migrating = z.looseObject({
  kind: z.literal('Deployment'),
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ initContainers: z.array(container).default([]) }),
    }),
  }),
});
type Migrating = z.output<typeof migrating>;

const migrateOfDeployment = ({ spec }: Migrating) =>
  spec.template.spec.initContainers.find(({ name }) => name === MIGRATE_CONTAINER);

/** A service that gets a new image, and its database. */
export interface DueMigration {
  readonly service: string;
  readonly image: string;
  readonly deployment: Migrating;
}

/**
 * Running services that get another image. A new service has a new database, which its pod migrates at start.
 *
 * @param live the cluster's Deployments.
 */
export function migrationsDue(
  wanted: readonly KubeObject[],
  live: readonly KubeObject[],
): readonly DueMigration[] {
  const imagesNow = new Map(
    live.map((object) => [identity(object), migrateContainerOf(object)?.migrate.image] as const),
  );
  return wanted.flatMap((object) => {
    const found = migrateContainerOf(object);
    const now = imagesNow.get(identity(object));
    if (!found || now === undefined || now === found.migrate.image) return [];
    const { deployment, migrate } = found;
    return [{ service: deployment.metadata.name, image: migrate.image, deployment }];
  });
}

function migrateContainerOf(object: KubeObject) {
  const parsed = migrating.safeParse(object);
  const migrate = parsed.success ? migrateOfDeployment(parsed.data) : undefined;
  return parsed.success && migrate ? { deployment: parsed.data, migrate } : undefined;
}

/** The Job refuses migrations that the previous release cannot work with. */
const COMPATIBLE_ONLY = '--backward-compatible-only';
/** Kubernetes ends a longer migration, and PostgreSQL rolls its transaction back. */
const DEADLINE_SECONDS = 1800;

/**
 * The Deployment's own migration as a Job. Its pods have another name label: with the service's label they
 * would receive the service's requests.
 *
 * @param suffix makes the Job's name unique.
 */
export function migrationJob(
  { deployment, service }: DueMigration,
  { suffix, allowIncompatible }: { readonly suffix: string; readonly allowIncompatible: boolean },
): Job {
  const { initContainers, topologySpreadConstraints: _spread, ...pod } = deployment.spec.template.spec;
  const migrate = initContainers.filter(({ name }) => name === MIGRATE_CONTAINER);
  const containers = migrate.map((one) => ({
    ...one,
    args: [...one.args, ...(allowIncompatible ? [] : [COMPATIBLE_ONLY])],
  }));
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `${migrateOf(service)}-${suffix}`, namespace: deployment.metadata.namespace },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels: { [NAME_LABEL]: migrateOf(service) } },
        spec: { ...pod, restartPolicy: 'Never', terminationGracePeriodSeconds: 30, containers },
      },
    },
  };
}

const answer = z.looseObject({
  migrated: z.object({
    before: z.string().nullable(),
    after: z.string(),
    backward_compatible: z.boolean(),
  }),
});

/** A migration's report; undefined when the schema was up to date. @throws Failure when the log has none. */
export function migrationFrom(service: string, log: string): Migration | undefined {
  const found = log.split('\n').flatMap((line) => {
    const parsed = answer.safeParse(parseLine(line));
    return parsed.success ? [parsed.data.migrated] : [];
  });
  const last = found.at(-1);
  if (!last)
    throw new Failure(
      `migration of ${service}: its job ended without saying what it did`,
      'build the image from these sources',
    );
  const { before, after, backward_compatible: backwardCompatible } = last;
  return before === after ? undefined : { before, after, backwardCompatible };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Some lines are not the service's own.
    return undefined;
  }
}

/** Objects to apply before the Jobs, such as policies that open the way to the databases. */
export const beforeMigrations = ({ kind }: KubeObject): boolean =>
  ['Namespace', 'NetworkPolicy', 'ServiceAccount', 'ResourceQuota', 'LimitRange', 'PriorityClass'].includes(
    kind,
  );
