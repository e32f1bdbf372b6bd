/**
 * The platform itself changes while people use it: from the previous release to these sources, autoscaling on, a volume
 * that grows, and back. On a cluster of its own, which is removed at the end:
 *
 *     npm run test:upgrade                     # from the newest tag or version before this one
 *     UPGRADE_FROM=COMMIT npm run test:upgrade
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresOf } from '../../charts/graph/model.ts';
import { reachable, startStandIn } from '../e2e/provider.ts';
import {
  CONTEXT,
  eventually,
  imageNow,
  kubectl,
  NAMESPACE,
  pause,
  type Run,
  signIn,
  timed,
  topology,
  VALUES,
} from '../e2e/support.ts';
import { succeeded } from '../e2e/verbs.ts';
import { history } from '../release/images.ts';
import { figures, Load, type LoadResult } from '../release/load.ts';
import { Witness } from '../release/witness.ts';
import { expectThere, type Written, write } from './data.ts';
import { Previous, removeCluster } from './previous.ts';

const MINUTES = 60_000;
const REQUESTS = 5000;
/** The most connections that clients hold, and the pods of the edge, each of which closes its own when it ends. */
const [CONNECTIONS, EDGES] = [10, 2];
/**
 * What the previous release loses by itself while its pods still run. The gateway of 0.1.0 ends connections after a slow
 * answer, and the edge sends only a request without a body again: 3 of 18,768 requests before its first pod was replaced.
 */
const FAULTS: Readonly<Record<string, RegExp>> = { '0.1.0': /POST .*: 502 Bad Gateway$/ };
const REQUESTS_PER_FAULT = 2000;
const previous = new Previous();
const written: Written[] = [];

const platform = (verb: string, ...more: readonly string[]): Promise<Run> =>
  timed(verb, 'dev', '--values', VALUES, ...more, '--context', CONTEXT, '--yes');

/**
 * Runs the command while somebody uses the platform, who has a day's budget of tokens. Expects no request lost.
 *
 * @param faults of the previous release, when its pods run during the command.
 */
async function underLoad(title: string, work: () => Promise<Run>, faults?: RegExp): Promise<Run> {
  const witness = new Witness();
  const load = new Load(await signIn(), true);
  await pause(3000);
  const run = await work();
  await pause(5000);
  const result = await load.stop(REQUESTS);
  console.info(`${title}: ${run.seconds} s; ${figures('load', result)}`);
  const seen = await witness.stop();
  if (result.failures.length + result.cut.length > 0)
    console.error([...result.resent, ...seen].toSorted().join('\n'));
  expectNothingLost(result, faults);
  return run;
}

function expectNothingLost({ requests, failures, streams, cut, resent }: LoadResult, faults?: RegExp): void {
  const all = [...failures, ...cut];
  const lost = all.filter((failure) => !faults?.test(failure));
  expect(lost.slice(0, 10)).toEqual([]);
  const known = all.length - lost.length;
  expect(known, all.join('\n')).toBeLessThanOrEqual(Math.ceil(requests / REQUESTS_PER_FAULT));
  expect(requests).toBeGreaterThanOrEqual(REQUESTS);
  expect(streams).toBeGreaterThanOrEqual(4);
  expect(resent.length, resent.join('\n')).toBeLessThanOrEqual(CONNECTIONS * EDGES);
}

const running = (): readonly string[] =>
  topology.services.map(({ name }) => imageNow(name).replace(/.*:/, ''));

const AUTOSCALING = ['--set', 'autoscaling.enabled=true'];

/** The replicas that each Deployment of a service asks for. */
function replicasNow(): ReadonlyMap<string, number> {
  const path = 'jsonpath={range .items[*]}{.metadata.name}={.spec.replicas}{"\\n"}{end}';
  const lines = kubectl('get', 'deploy', '-n', NAMESPACE, '-o', path).trim().split('\n');
  return new Map(
    lines.map((line) => line.split('=')).map(([name = '', replicas]) => [name, Number(replicas)]),
  );
}

beforeAll(async () => {
  removeCluster();
  await previous.start();
  startStandIn();
  await eventually(60, reachable);
  written.push(await write('before the upgrade'));
}, 30 * MINUTES);
afterAll(() => {
  previous.remove();
  removeCluster();
}, 5 * MINUTES);

const deployed = (): Promise<string> => history().then(([newest]) => newest?.status ?? '');

describe('from the previous release to this one, and back', () => {
  it('upgrades: nothing is lost, what was written is there', { timeout: 20 * MINUTES }, async () => {
    console.info(`from ${previous.version} (${previous.commit.slice(0, 7)}): ${running().join(' ')}`);
    await succeeded(timed('build'));
    const before = running();
    await succeeded(underLoad('upgrade', () => platform('deploy'), FAULTS[previous.version]));
    expect(running()).not.toEqual(before);
    expect(await deployed()).toBe('deployed');
    for (const one of written) await expectThere(one);
    written.push(await write('after the upgrade'));
  });

  it('turns autoscaling on: no Deployment has fewer replicas for a moment', {
    timeout: 15 * MINUTES,
  }, async () => {
    const fewest = new Map<string, number>();
    const watch = setInterval(() => {
      for (const [name, replicas] of replicasNow())
        fewest.set(name, Math.min(replicas, fewest.get(name) ?? replicas));
    }, 1000);
    try {
      await succeeded(underLoad('autoscaling on', () => platform('deploy', '--no-backup', ...AUTOSCALING)));
    } finally {
      clearInterval(watch);
    }
    console.info(`fewest replicas: ${JSON.stringify(Object.fromEntries(fewest))}`);
    for (const { name } of topology.services) expect(fewest.get(name), name).toBeGreaterThanOrEqual(2);
    const autoscalers = kubectl('get', 'hpa', '-n', NAMESPACE, '-o', 'name').trim().split('\n');
    expect(autoscalers.length).toBe(topology.services.length);
  });

  it('a volume: refused with the way to do it, and grown where its class allows it', {
    timeout: 15 * MINUTES,
  }, async () => {
    const grow = () => platform('deploy', '--no-backup', ...AUTOSCALING, '--set', 'databases.storage=3Gi');
    const before = await history();
    const refused = await grow();
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/must support resize/);
    console.info(refused.stderr);
    expect(await history()).toEqual(before);
    kubectl('patch', 'storageclass', 'standard', '-p', '{"allowVolumeExpansion":true}');
    await succeeded(underLoad('volume grown', grow));
    const path = 'jsonpath={.spec.resources.requests.storage}';
    for (const { name } of topology.services.filter(({ database }) => database))
      expect(kubectl('get', 'pvc', `data-${postgresOf(name)}-0`, '-n', NAMESPACE, '-o', path)).toBe('3Gi');
  });

  it('goes back: nothing is lost, what both releases wrote is there', { timeout: 20 * MINUTES }, async () => {
    const releases = await history();
    console.info(
      releases.map(({ revision, action, status }) => `${revision} ${action} ${status}`).join(', '),
    );
    const first = releases.at(-1)?.revision;
    await succeeded(underLoad('back', () => platform('rollback', String(first)), FAULTS[previous.version]));
    for (const one of written) await expectThere(one);
    written.push(await write('after going back'));
  });

  it('and forward again', { timeout: 20 * MINUTES }, async () => {
    await succeeded(underLoad('forward again', () => platform('deploy'), FAULTS[previous.version]));
    for (const one of written) await expectThere(one);
  });
});
