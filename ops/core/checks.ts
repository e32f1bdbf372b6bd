/** Checks of a cluster before a deployment. They judge data that other code has read. */
import { z } from 'zod';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import { parseCpu, parseMemory } from '../../charts/config/quantity.ts';
import type { Config } from '../../charts/config/schema.ts';
import { KUBERNETES_VERSIONS } from '../../charts/config/versions.ts';
import { footprintsOf, type Workload } from '../../charts/constructs/footprint.ts';
import { INVENTORY_LABEL, namespaceOf } from '../../charts/constructs/names.ts';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { backupOf, postgresOf, type ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';
import type { KubeObject } from './objects.ts';
import type { ExistingSecrets } from './secrets.ts';
import { type Workload as LiveWorkload, progressOf } from './workloads.ts';

/** Names reserved for examples (RFC 2606), and their subdomains. */
const RESERVED = /(?<![\w-])(?:[\w-]+\.)*example\.(?:com|net|org)(?![\w-])/i;

type Found = readonly [path: string, text: string];

function texts(value: unknown, path: string): readonly Found[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => texts(item, path === '' ? key : `${path}.${key}`));
}

const placeholdersIn = (value: unknown): readonly Found[] =>
  texts(value, '').filter(([, text]) => RESERVED.test(text));

/** One line for each field; for an object when no field contains the placeholder. */
export function placeholders(config: Config, wanted: readonly KubeObject[]): readonly string[] {
  if (config.tier === 'local') return [];
  const fields = placeholdersIn(config).map(([path, text]) => `${path}: ${JSON.stringify(text)}`);
  const relative =
    config.monitoring.enabled && !/^https?:/.test(config.monitoring.runbooks)
      ? [
          `monitoring.runbooks: ${JSON.stringify(config.monitoring.runbooks)} is no address: alerts link to it`,
        ]
      : [];
  const objects = wanted.flatMap((object) => {
    const [first] = placeholdersIn(object);
    return first ? [`${object.kind}/${object.metadata.name}: ${first[0]}`] : [];
  });
  return [...fields, ...relative, ...(fields.length === 0 ? objects : [])];
}

/** @throws Failure naming every placeholder, before the command asks a cluster anything. */
export function refusePlaceholders(config: Config, wanted: readonly KubeObject[]): void {
  const found = placeholders(config, wanted);
  if (found.length > 0)
    throw new Failure(
      `${config.environment}: placeholders are left: ${found.join('; ')}`,
      'set these fields with --values or --set',
    );
}

export interface Check {
  readonly name: string;
  /** `unverified`: the check cannot tell; the rollout will show it. */
  readonly result: 'ok' | 'problem' | 'unverified';
  /** The finding, and for a problem what to do. */
  readonly detail: string;
}

const judged = (name: string, problems: readonly string[], ok: string): Check => ({
  name,
  result: problems.length > 0 ? 'problem' : 'ok',
  detail: problems.length > 0 ? problems.join('; ') : ok,
});

const minorOf = (version: string): number => Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);

/** Refuses a version older than the oldest supported minor; only reports one newer than the newest tested. */
export function checkVersion(server: string): Check {
  const minors = KUBERNETES_VERSIONS.map(minorOf);
  const [oldest, newest] = [Math.min(...minors), Math.max(...minors)];
  const minor = minorOf(server);
  const name = 'Kubernetes version';
  const range = `1.${oldest} to 1.${newest}`;
  if (Number.isNaN(minor) || minor < oldest)
    return { name, result: 'problem', detail: `${server}: expected ${range}` };
  if (minor > newest)
    return { name, result: 'unverified', detail: `${server} is newer than what was checked (${range})` };
  return { name, result: 'ok', detail: `${server} (${range})` };
}

/** The API of metrics is checked here, because no rendered object uses it. */
const METRICS_API = 'metrics.k8s.io/v1beta1';

/** @param served output of `kubectl api-versions`. */
export function checkApis(config: Config, wanted: readonly KubeObject[], served: readonly string[]): Check {
  const needed = new Set(wanted.map(({ apiVersion }) => apiVersion));
  if (prerequisites(config).includes('metricsServer')) needed.add(METRICS_API);
  const missing = [...needed].filter((version) => !served.includes(version)).toSorted();
  return judged(
    'Prerequisites',
    missing.map((version) => `${version} is not served`),
    `${needed.size} APIs served`,
  );
}

/** Checks names only, and reads no values. */
export function checkSecrets(
  config: Config,
  catalog: readonly SecretEntry[],
  existing: ExistingSecrets,
): Check {
  const name = 'Secrets';
  const store = config.secrets.store?.name;
  if (config.secrets.source === 'external')
    return { name, result: 'unverified', detail: `the store ${store ?? ''} makes them after the apply` };
  const needed = catalog.filter(({ optional }) => !optional);
  const problems = needed.flatMap((entry) => {
    const id = `${entry.namespace}/${entry.name}`;
    const present = existing.get(id);
    if (!present) return [`${id} is missing (${entry.keys.map(({ key }) => key).join(', ')})`];
    const keys = entry.keys.map(({ key }) => key).filter((key) => !present.includes(key));
    return keys.length > 0 ? [`${id} lacks ${keys.join(', ')}`] : [];
  });
  return judged(name, problems, `${needed.length} there, with their keys`);
}

export const quota = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({ hard: z.record(z.string(), z.union([z.string(), z.number()])).default({}) }),
});
export type Quota = z.output<typeof quota>;

const amounts = z.record(z.string(), z.string()).optional();
const podSpec = z.looseObject({
  containers: z.array(
    z.looseObject({ resources: z.looseObject({ requests: amounts, limits: amounts }).optional() }),
  ),
});
const sized = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.looseObject({
    replicas: z.int().optional(),
    maxReplicas: z.int().optional(),
    scaleTargetRef: z.looseObject({ name: z.string() }).optional(),
    strategy: z
      .looseObject({
        rollingUpdate: z.looseObject({ maxSurge: z.union([z.int(), z.string()]).optional() }).optional(),
      })
      .optional(),
    template: z.looseObject({ spec: podSpec }).optional(),
    jobTemplate: z
      .looseObject({ spec: z.looseObject({ template: z.looseObject({ spec: podSpec }) }) })
      .optional(),
  }),
});

/** Compares quotas the platform did not create with the largest use of its pods. */
export function checkQuotas(wanted: readonly KubeObject[], quotas: readonly Quota[]): Check {
  const workloads = wanted.flatMap((object): readonly Workload[] => {
    const parsed = sized.safeParse(object);
    return parsed.success ? [parsed.data] : [];
  });
  const footprints = footprintsOf(workloads);
  const foreign = quotas.filter(({ metadata }) => metadata.labels[INVENTORY_LABEL] === undefined);
  const problems = foreign.flatMap(({ metadata: { name, namespace }, spec }) => {
    const needed = footprints.get(namespace);
    if (!needed) return [];
    const measures: readonly [string, number][] = [...Object.entries(needed.amounts), ['pods', needed.pods]];
    return measures
      .filter(([measure, amount]) => amount > limitOf(spec.hard, measure))
      .map(
        ([measure]) => `${namespace}/${name} allows ${measure} ${spec.hard[measure]}, which is too little`,
      );
  });
  const found = `${foreign.length} besides our own`;
  return judged('Quotas', problems, found);
}

function limitOf(hard: Quota['spec']['hard'], measure: string): number {
  const value = hard[measure];
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const parse = measure.endsWith('cpu') ? parseCpu : parseMemory;
  return parse(String(value)) ?? Number.POSITIVE_INFINITY;
}

/** No registry has these images: the command builds them and loads them into the nodes. */
const LOCAL_REGISTRY = /^localhost(:\d+)?\//;
export const builtHere = (images: readonly string[]): readonly string[] =>
  images.filter((image) => LOCAL_REGISTRY.test(image));

/**
 * @param here images in every node or in the local Docker; undefined when the cluster is not on this machine.
 */
export function checkImages(images: readonly string[], here: ReadonlySet<string> | undefined): Check {
  const name = 'Images';
  if (!here) return { name, result: 'unverified', detail: elsewhere(images) };
  const absent = images.filter((image) => !here.has(image));
  const problems = builtHere(absent);
  const pulled = absent.length - problems.length;
  return judged(
    name,
    problems.map((image) => `${image} is neither in the nodes nor in the local Docker: build it`),
    `${images.length - absent.length} here${pulled > 0 ? `, ${pulled} to be pulled` : ''}`,
  );
}

function elsewhere(images: readonly string[]): string {
  const ours = builtHere(images).length;
  const pulled = `${images.length - ours} to be pulled by the nodes; the rollout shows it`;
  if (ours === 0) return pulled;
  return `${pulled}; ${ours} of localhost have to be in the nodes: kind, if it is on PATH, has no such cluster to load them into`;
}

export const claim = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  status: z.looseObject({ phase: z.string().default('Pending') }).prefault({}),
});
export type Claim = z.output<typeof claim>;

export const node = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});
export type Node = z.output<typeof node>;

/** One node that can take pods is enough; the check reports what is wrong with the others. */
export function checkNodes(nodes: readonly Node[]): Check {
  const troubles = nodes.map(({ metadata, status }) =>
    status.conditions
      .filter(({ type, status: value }) => value !== (type === 'Ready' ? 'True' : 'False'))
      .map(({ type }) => `${metadata.name}: ${type === 'Ready' ? 'not ready' : type}`),
  );
  const fit = troubles.filter((own) => own.length === 0).length;
  const found = [`${fit} of ${nodes.length} ready, with enough disk and memory`, ...troubles.flat()].join(
    '; ',
  );
  return judged('Nodes', fit === 0 ? [found] : [], found);
}

/** Volumes for the backup before the deploy; that backup shows whether they are full. */
export function checkBackupVolumes(
  config: Config,
  services: readonly ServiceSpec[],
  claims: readonly Claim[],
): Check {
  const name = 'Backup volumes';
  if (!config.backups.enabled)
    return { name, result: 'unverified', detail: 'backups.enabled is false: nothing is backed up' };
  const namespace = namespaceOf(config, 'app');
  const names = services.filter(({ database }) => database).map((spec) => backupOf(spec.name));
  const phases = names.map(
    (volume) =>
      claims.find(({ metadata }) => metadata.namespace === namespace && metadata.name === volume)?.status
        .phase,
  );
  const problems = names.filter((_, index) => phases[index] === 'Lost').map((volume) => `${volume} is lost`);
  const there = phases.filter((phase) => phase !== undefined).length;
  return judged(name, problems, `${there} of ${names.length} there`);
}

/** No ready instance is a problem: no backup is possible. Missing ones are reported: a deploy may help. */
export function checkDatabases(
  config: Config,
  services: readonly ServiceSpec[],
  workloads: readonly LiveWorkload[],
): readonly Check[] {
  if (config.databases.engine !== 'cloudnative-pg') return [];
  const names = services.filter(({ database }) => database).map(({ name }) => postgresOf(name));
  const live = workloads.filter(
    ({ kind, metadata }) =>
      kind === 'Cluster' &&
      names.includes(metadata.name) &&
      metadata.namespace === namespaceOf(config, 'app'),
  );
  const said = live
    .filter((one) => !progressOf(one).done)
    .map((one) => {
      const { ready, wanted } = progressOf(one);
      return `${one.metadata.name}: ${ready} of ${wanted} instances ready (${one.status.phase ?? 'waiting'})`;
    });
  const down = live.some((one) => progressOf(one).ready === 0);
  const result = down ? 'problem' : said.length > 0 ? 'unverified' : 'ok';
  const there = `${live.length} of ${names.length} there, every instance ready`;
  return [{ name: 'Databases', result, detail: said.length > 0 ? said.join('; ') : there }];
}
