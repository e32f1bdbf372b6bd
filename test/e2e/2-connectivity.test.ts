/**
 * Walks the topology on the cluster: from the network of a pod of every running component, every port of every other
 * one. Edges must connect, every other pair must be refused.
 */
import { describe, expect, it } from 'vitest';
import { thirdPartyImage } from '../../charts/config/images.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Component } from '../../charts/graph/model.ts';
import { type Pair, reachability } from '../../charts/graph/reach.ts';
import { config, eventually, kubectl, kubectlJson, topology } from './support.ts';

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    readonly status: { readonly podIP: string; readonly phase: string };
  }[];
}

const zone = (component: Component): string => namespaceOf(config, component.zone);

function podOf(component: Component): { readonly name: string; readonly ip: string } {
  const selector = Object.entries(component.selector).map(([name, value]) => `${name}=${value}`);
  const { items } = kubectlJson('get', 'pods', '-n', zone(component), '-l', selector.join(',')) as Pods;
  const pod = items.find(({ status, metadata }) => status.phase === 'Running' && !metadata.deletionTimestamp);
  if (!pod) throw new Error(`${component.name} has no running pod`);
  return { name: pod.metadata.name, ip: pod.status.podIP };
}

/**
 * Tries all pairs of one source at once, from an ephemeral container: it shares the pod's network, which is what the
 * policies are about. PostgreSQL's image has what it takes and is on every node already.
 */
async function probe(
  from: Component,
  pairs: readonly Pair[],
  addresses: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  const container = `probe-${Date.now().toString(36)}`;
  const tries = pairs.map(({ to, port, number }) => {
    const target = `${to.name}:${port}`;
    const socket = `/dev/tcp/${addresses.get(to.name)}/${number}`;
    return `(timeout 3 bash -c '< ${socket}' 2>/dev/null && echo "open ${target}" || echo "closed ${target}") &`;
  });
  const { name } = podOf(from);
  kubectl(
    'debug',
    name,
    '-n',
    zone(from),
    '--profile=restricted',
    '--quiet',
    '--attach=false',
    `--container=${container}`,
    `--image=${thirdPartyImage(config, 'postgres')}`,
    '--image-pull-policy=IfNotPresent',
    '--',
    'bash',
    '-c',
    `${tries.join(' ')} wait`,
  );
  const lines = await eventually(90, () => {
    const output = kubectl('logs', name, '-n', zone(from), '-c', container).trim().split('\n');
    if (output.length < pairs.length)
      throw new Error(`${from.name}: ${output.length} of ${pairs.length} answers`);
    return output;
  });
  return new Set(lines.filter((line) => line.startsWith('open ')).map((line) => line.slice('open '.length)));
}

/** Pairs of one source that are not as the topology says, and how many connected. */
async function walk(from: Component, pairs: readonly Pair[], addresses: ReadonlyMap<string, string>) {
  const open = await probe(from, pairs, addresses);
  const wrong = pairs
    .filter(({ to, port, allowed }) => open.has(`${to.name}:${port}`) !== allowed)
    .map(({ to, port, allowed }) => `${from.name} → ${to.name}:${port} is ${allowed ? 'refused' : 'open'}`);
  return { open: open.size, wrong };
}

describe('connectivity', () => {
  const pairs = reachability(topology);
  const sources = [...new Set(pairs.map((pair) => pair.from))];

  it(`every edge connects, every other pair is refused (${pairs.length} pairs)`, async () => {
    const addresses = new Map(sources.map((component) => [component.name, podOf(component).ip]));
    const results = [];
    for (const from of sources) {
      const own = pairs.filter((pair) => pair.from === from);
      results.push(await walk(from, own, addresses));
    }
    const open = results.reduce((sum, result) => sum + result.open, 0);
    const wrong = results.flatMap((result) => result.wrong);
    console.info(
      `${sources.length} running components, ${pairs.length} pairs: ${open} open, ${pairs.length - open} refused, ${wrong.length} wrong`,
    );
    expect(wrong).toEqual([]);
    expect(open).toBe(pairs.filter(({ allowed }) => allowed).length);
    expect(pairs.length - open).toBeGreaterThan(100);
  });
});
