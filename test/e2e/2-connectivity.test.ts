/** `network --probe`: every edge connects, every other pair is refused. */
import { describe, expect, it } from 'vitest';
import { reachability } from '../../charts/graph/reach.ts';
import { probeSummary, wrongPairs } from '../../ops/core/probe.ts';
import { probeNetwork } from '../../ops/steps/probe.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { CONTEXT, config, topology } from './support.ts';

describe('connectivity', () => {
  const pairs = reachability(topology);

  it(`every edge connects, every other pair is refused (${pairs.length} pairs)`, async () => {
    const tried = await probeNetwork({ kubectl: new Kubectl(CONTEXT), config, topology }, () => undefined);
    const open = tried.filter((pair) => pair.open);
    console.info(probeSummary(tried));
    expect(wrongPairs(tried)).toEqual([]);
    expect(tried).toHaveLength(pairs.length);
    expect(open).toHaveLength(pairs.filter(({ allowed }) => allowed).length);
    expect(tried.length - open.length).toBeGreaterThan(100);
  });
});
