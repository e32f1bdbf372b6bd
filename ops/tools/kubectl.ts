/** kubectl, always with an explicit cluster. */
import type { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { INVENTORY_LABEL } from '../../charts/constructs/names.ts';
import { adapt } from '../core/adapt.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { INVENTORY_RESOURCES, type KubeObject, kubeObject, parseObjects } from '../core/objects.ts';
import { type Answers, beingDeleted, existing, type Plan, planApply } from '../core/plan.ts';
import { checkInterrupted } from './interrupt.ts';
import { attach, run, stdoutOf } from './run.ts';
import { until } from './wait.ts';

/** Resource of CloudNativePG. */
const DATABASE_CLUSTERS = 'clusters.postgresql.cnpg.io';
/** Field manager of everything the operations command applies. */
const MANAGER = 'platform';
/** Seconds to delete a namespace and its contents; the platform's pods drain for up to two minutes. */
const DELETION_SECONDS = 300;
const applyAs = (manager: string): readonly string[] => [
  'apply',
  '--server-side',
  '--force-conflicts',
  `--field-manager=${manager}`,
  '--filename=-',
];
const APPLY = applyAs(MANAGER);

const asList = (items: readonly unknown[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const ofEnvironment = (environment: string): readonly string[] => [
  '--all-namespaces',
  `--selector=${INVENTORY_LABEL}=${environment}`,
];

/** Only the fields that identify an object. */
const reference = ({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): object => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
});

/** Why the API server refused an object; undefined when it did not answer. */
const refusal = (error: unknown): string | undefined =>
  error instanceof Failure && /Error from server|is invalid:/.test(error.message)
    ? error.message.replace(/^kubectl apply failed: /, '')
    : undefined;

export class Kubectl {
  /** @param uninterrupted Ctrl-C does not interrupt the command. */
  constructor(
    readonly context: string,
    private readonly uninterrupted = false,
  ) {}

  /** The same cluster for clean-up, which Ctrl-C does not interrupt. */
  get tidying(): Kubectl {
    return new Kubectl(this.context, true);
  }

  output(args: readonly string[], input = ''): Promise<string> {
    const { uninterrupted } = this;
    return stdoutOf('kubectl', ['--context', this.context, ...args], { input, uninterrupted });
  }

  /** The same for clean-up, which Ctrl-C does not interrupt. */
  tidy(args: readonly string[], input = ''): Promise<string> {
    return this.tidying.output(args, input);
  }

  /** Passes on the lines of standard output until kubectl ends. */
  async lines(args: readonly string[], onLine: (line: string) => void): Promise<void> {
    await run('kubectl', ['--context', this.context, ...args], { onLine, lines: 'stdout' });
  }

  /** Runs on this terminal, or with `input`; returns the exit status. */
  attach(args: readonly string[], input?: string): Promise<number> {
    return attach('kubectl', ['--context', this.context, ...args], input === undefined ? {} : { input });
  }

  async objects<T>(item: z.ZodType<T>, args: readonly string[]): Promise<readonly T[]> {
    return parseObjects(item, await this.output([...args, '--output=json']));
  }

  /**
   * @param patienceSeconds how long a starting cluster may take. @default 0
   * @throws Failure when the API server does not answer.
   */
  async reach(patienceSeconds = 0): Promise<void> {
    await until({ seconds: patienceSeconds, pauseMs: 500 }, async (late) => {
      try {
        return await this.output(['get', '--raw', '/readyz', '--request-timeout=10s']);
      } catch (error) {
        checkInterrupted();
        if (!late()) return undefined;
        throw new Failure(
          `cluster ${this.context}: not reachable (${messageOf(error)})`,
          'start the local one with ./platform start, or name another with --context',
        );
      }
    });
  }

  /** Every live object of the platform in that environment. */
  async inventory(environment: string): Promise<readonly KubeObject[]> {
    const known = new Set(
      (await this.output(['api-resources', '--output=name', '--verbs=list'])).split('\n'),
    );
    const resources = INVENTORY_RESOURCES.filter((resource) => known.has(resource)).join(',');
    return this.objects(kubeObject, [
      'get',
      resources,
      '--show-managed-fields',
      ...ofEnvironment(environment),
    ]);
  }

  pods<T>(item: z.ZodType<T>, environment: string): Promise<readonly T[]> {
    return this.objects(item, ['get', 'pods', ...ofEnvironment(environment)]);
  }

  /** Includes Clusters where an operator runs the databases. */
  workloads<T>(
    item: z.ZodType<T>,
    { environment, databases }: Pick<Config, 'environment' | 'databases'>,
  ): Promise<readonly T[]> {
    const operated = databases.engine === 'cloudnative-pg' ? [DATABASE_CLUSTERS] : [];
    const kinds = ['deployments', 'statefulsets', 'daemonsets', ...operated].join(',');
    return this.objects(item, ['get', kinds, ...ofEnvironment(environment)]);
  }

  async plan(environment: string, wanted: readonly KubeObject[]): Promise<Plan> {
    const live = await this.settled(environment, wanted);
    const there = existing(wanted, live);
    const adapted = adapt(there, live);
    const answers = await this.dryRun(there, (object) => adapted.sent.get(object) ?? object);
    const claims = await this.objects(kubeObject, ['get', 'persistentvolumeclaims', '--all-namespaces']);
    return planApply(
      wanted,
      live,
      answers,
      new Set(claims.flatMap(({ metadata }) => metadata.namespace ?? [])),
      adapted,
    );
  }

  /** Waits until the cluster has finished deleting wanted objects; then reads the inventory. */
  private async settled(environment: string, wanted: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    const live = await this.inventory(environment);
    const leaving = beingDeleted(wanted, live);
    if (leaving.length === 0) return live;
    await this.output(
      ['wait', '--for=delete', `--timeout=${DELETION_SECONDS}s`, '--filename=-'],
      asList(leaving.map(reference)),
    );
    return this.inventory(environment);
  }

  /** Server-side dry run. kubectl prints nothing when one object is refused, so this searches for it. */
  private async dryRun(
    objects: readonly KubeObject[],
    sent: (object: KubeObject) => KubeObject,
  ): Promise<Answers> {
    const [object] = objects;
    if (!object) return { merged: [], refused: [] };
    try {
      const text = await this.output(
        [...APPLY, '--dry-run=server', '--output=json'],
        asList(objects.map(sent)),
      );
      return { merged: parseObjects(kubeObject, text), refused: [] };
    } catch (error) {
      checkInterrupted();
      const reason = refusal(error);
      if (reason === undefined) throw error;
      if (objects.length === 1) return { merged: [], refused: [{ object, reason }] };
      const half = Math.ceil(objects.length / 2);
      const parts = [
        await this.dryRun(objects.slice(0, half), sent),
        await this.dryRun(objects.slice(half), sent),
      ];
      return {
        merged: parts.flatMap(({ merged }) => merged),
        refused: parts.flatMap(({ refused }) => refused),
      };
    }
  }

  /**
   * Applies the objects in their order. @param manager the field manager; the API server removes fields it
   * owned and no longer sends.
   */
  async apply(objects: readonly unknown[], manager: string = MANAGER): Promise<void> {
    if (objects.length > 0) await this.output(applyAs(manager), asList(objects));
  }

  /** Makes the manager a second owner of fields of existing objects. The objects may be partial. */
  async share(parts: readonly unknown[], manager: string): Promise<void> {
    if (parts.length > 0) await this.output([...applyAs(manager), '--validate=false'], asList(parts));
  }

  async allExist(objects: readonly KubeObject[]): Promise<boolean> {
    const args = ['get', '--ignore-not-found', '--output=name', '--filename=-'];
    const names = await this.output(args, asList(objects.map(reference)));
    return names.split('\n').filter((name) => name !== '').length === objects.length;
  }

  async create(objects: readonly unknown[]): Promise<void> {
    if (objects.length > 0) await this.output(['create', '--filename=-'], asList(objects));
  }

  async remove(objects: readonly KubeObject[]): Promise<void> {
    await this.delete(objects, '--wait=false');
  }

  /** Deletes a set without its pods; a new set of the same name and selector adopts them. */
  async release(objects: readonly KubeObject[]): Promise<void> {
    await this.delete(objects, '--cascade=orphan');
  }

  private async delete(objects: readonly KubeObject[], how: string): Promise<void> {
    if (objects.length > 0)
      await this.output(
        ['delete', '--ignore-not-found', how, '--filename=-'],
        asList(objects.map(reference)),
      );
  }

  /** Output of `kubectl diff` for existing objects. */
  async diff(objects: readonly KubeObject[]): Promise<string> {
    if (objects.length === 0) return '';
    const [, ...flags] = APPLY;
    const args = ['--context', this.context, 'diff', ...flags];
    return (await run('kubectl', args, { input: asList(objects), accept: [0, 1] })).stdout;
  }
}
