/**
 * Releases under load: a rolling update, deleted pods, a drained node, an image that does not start, a manual rollback.
 * None of them may lose a request. Only on a cluster of two workers does the test drain a node:
 *
 *     ./platform up --cluster-config test/release/kind-two-workers.yaml --values test/release/two-workers.yaml
 *     PLATFORM_CONTEXT=kind-ai-assistants-two PLATFORM_VALUES=test/release/two-workers.yaml \
 *       npm run test:release -- test/release/deploy.test.ts
 *     ./platform down --cluster-config test/release/kind-two-workers.yaml
 */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { PROVIDER_SETTINGS, reachable, startStandIn, stopStandIn } from '../e2e/provider.ts';
import {
  apply,
  CONTEXT,
  config,
  eventually,
  imageNow,
  kubectl,
  kubectlJson,
  NAMESPACE,
  pause,
  type Run,
  type Session,
  signIn,
  timed,
  topology,
  VALUES,
} from '../e2e/support.ts';
import { history, tagImages } from './images.ts';
import { figures, Load, type LoadResult } from './load.ts';

const REQUESTS = 10_000;
const MINUTES = 60_000;
/** The load exceeds the rate limits. A deleted pod leaves its Service at once, so each service needs two replicas. */
const SETTINGS = [
  '--values',
  VALUES,
  ...PROVIDER_SETTINGS,
  '--set',
  'settings.rateLimit=1000000',
  '--set',
  'replicas=2',
];
const stamp = Date.now().toString(36);
const workers = kubectl('get', 'nodes', '-l', '!node-role.kubernetes.io/control-plane', '-o', 'name')
  .split('\n')
  .filter((name) => name !== '')
  .map((name) => name.replace('node/', ''));

const platform = (...args: readonly string[]): Promise<Run> => timed(...args, '--context', CONTEXT, '--yes');

const deploy = (tag: string, ...more: readonly string[]): Promise<Run> =>
  platform('deploy', 'dev', ...SETTINGS, '--set', `images.tag=${tag}`, '--no-backup', ...more);

/** Runs `work` under load, and ends the load after at least `requests` requests. */
async function underLoad(
  session: Session,
  work: () => Promise<unknown>,
  requests = REQUESTS,
): Promise<LoadResult> {
  const load = new Load(session, true);
  await pause(3000);
  await work();
  await pause(5000);
  return load.stop(requests);
}

function expectNothingLost({ requests, failures, streams, cut }: LoadResult): void {
  expect(failures.slice(0, 10)).toEqual([]);
  expect(cut).toEqual([]);
  expect(requests).toBeGreaterThan(0);
  expect(streams).toBeGreaterThanOrEqual(4);
}

let session: Session;

beforeAll(async () => {
  await openSecondWorker();
  tagImages(`${stamp}-base`);
  startStandIn();
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'ai-assistant-providers', namespace: NAMESPACE },
    stringData: { OPENAI_API_KEY: 'stand-in', ANTHROPIC_API_KEY: 'stand-in' },
  };
  apply(secret);
  const { exitCode, stderr, stdout, seconds } = await deploy(`${stamp}-base`);
  console.info(`first deploy: ${seconds} s`);
  expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
  await eventually(60, reachable);
  session = await signIn();
  // Old pods answer until they have drained, and they have no provider.
  await pause(15_000);
}, 15 * MINUTES);

afterAll(async () => {
  stopStandIn();
  kubectl('delete', 'secret', 'ai-assistant-providers', '-n', NAMESPACE, '--ignore-not-found');
  await platform('deploy', 'dev', '--values', VALUES, '--no-backup');
}, 15 * MINUTES);

describe('a release under load', () => {
  it('rolls every service: no request lost, no stream cut', { timeout: 15 * MINUTES }, async () => {
    tagImages(`${stamp}-next`);
    let rolled: Run | undefined;
    const load = await underLoad(session, async () => {
      rolled = await deploy(`${stamp}-next`);
    });
    console.info(`rolling update: deploy ${rolled?.seconds} s; ${figures('load', load)}`);
    expect(rolled?.exitCode, `${rolled?.stderr}\n${rolled?.stdout}`).toBe(0);
    for (const { name } of topology.services) expect(imageNow(name)).toContain(`${stamp}-next`);
    expect(load.requests).toBeGreaterThanOrEqual(REQUESTS);
    expectNothingLost(load);
  });

  it('a pod of every service is deleted: nothing lost', { timeout: 15 * MINUTES }, async () => {
    const load = await underLoad(session, async () => {
      for (const { name } of topology.services) {
        const [first = ''] = kubectl(
          'get',
          'pods',
          '-n',
          NAMESPACE,
          '-l',
          `app.kubernetes.io/name=${name}`,
          '-o',
          'name',
        ).split('\n');
        kubectl('delete', '-n', NAMESPACE, first, '--wait=false');
        await pause(1000);
      }
      for (const { name } of topology.services)
        await execa('kubectl', [
          '--context',
          CONTEXT,
          'rollout',
          'status',
          '-n',
          NAMESPACE,
          `deploy/${name}`,
          '--timeout=300s',
        ]);
    });
    console.info(figures('a pod of every service deleted', load));
    expectNothingLost(load);
  });

  it.skipIf(workers.length < 2)('a node is drained: nothing lost', { timeout: 15 * MINUTES }, async () => {
    const drained = nodeWithoutStores();
    try {
      const load = await underLoad(session, () =>
        execa('kubectl', [
          '--context',
          CONTEXT,
          'drain',
          drained,
          '--ignore-daemonsets',
          '--delete-emptydir-data',
          '--pod-selector=app.kubernetes.io/part-of=ai-assistants',
          '--timeout=600s',
        ]),
      );
      console.info(figures(`${drained} drained`, load));
      expectNothingLost(load);
    } finally {
      kubectl('uncordon', drained);
    }
  });

  it('an image that does not start: rolled back by itself, nothing lost', {
    timeout: 15 * MINUTES,
  }, async () => {
    const images = topology.services.map(({ name }) => imageNow(name));
    tagImages(`${stamp}-broken`, 'api-gateway');
    let broken: Run | undefined;
    const load = await underLoad(session, async () => {
      broken = await deploy(`${stamp}-broken`);
    });
    console.info(
      `broken image: ended after ${broken?.seconds} s with "${broken?.stderr}"; ${figures('load', load)}`,
    );
    expect(broken?.exitCode).toBe(1);
    expect(broken?.stderr).toMatch(
      /^error: deploy: a new pod does not start: api-gateway.*; rolled back to release \d+$/,
    );
    expectNothingLost(load);
    expect(topology.services.map(({ name }) => imageNow(name))).toEqual(images);
    expect((await history())[0]).toMatchObject({ status: 'rolled back', action: 'deploy' });
  });

  it('a rollback by hand: nothing lost', { timeout: 15 * MINUTES }, async () => {
    let back: Run | undefined;
    const load = await underLoad(session, async () => {
      back = await platform('rollback', 'dev', '--values', VALUES);
    });
    console.info(`rollback by hand: ${back?.seconds} s; ${figures('load', load)}`);
    expect(back?.exitCode, `${back?.stderr}\n${back?.stdout}`).toBe(0);
    expectNothingLost(load);
    for (const { name } of topology.services) expect(imageNow(name)).toContain(`${stamp}-base`);
  });
});

describe('a deploy of what runs already', () => {
  it('changes nothing and makes no release', { timeout: 5 * MINUTES }, async () => {
    const before = await history();
    const { exitCode, stdout, seconds } = await deploy(`${stamp}-base`);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/^0 objects changed/m);
    expect(await history()).toEqual(before);
    console.info(`deploy of what runs already: ${seconds} s`);
  });
});

/** Removes the taint that kept pods off one worker until the databases ran on the other. */
async function openSecondWorker(): Promise<void> {
  const closed = 'ai-assistants/drained-later';
  const tainted = workers.filter((name) =>
    kubectl('get', 'node', name, '-o', 'jsonpath={.spec.taints[*].key}').includes(closed),
  );
  if (tainted.length === 0) return;
  kubectl('taint', 'nodes', ...tainted, `${closed}-`);
  const edge = ['-n', namespaceOf(config, 'edge'), 'deploy/traefik'];
  kubectl('rollout', 'restart', ...edge);
  await execa('kubectl', ['--context', CONTEXT, 'rollout', 'status', ...edge, '--timeout=120s']);
}

/** The worker without databases: each has one instance, so draining its node would interrupt it. */
function nodeWithoutStores(): string {
  const pods = kubectlJson('get', 'pods', '-n', NAMESPACE) as {
    readonly items: readonly {
      readonly metadata: { readonly ownerReferences?: readonly { readonly kind: string }[] };
      readonly spec: { readonly nodeName: string };
    }[];
  };
  const stores = pods.items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind === 'StatefulSet');
  const [free] = workers.filter((name) => stores.every(({ spec }) => spec.nodeName !== name));
  if (!free) throw new Error('databases run on every worker: cordon one while they start');
  return free;
}
