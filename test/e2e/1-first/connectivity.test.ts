/** `network --probe`: every edge connects, every other pair is refused. */
import { describe, expect, it } from 'vitest';
import { reachability } from '../../../charts/graph/reach.ts';
import { topology } from '../support.ts';
import { done, withValues } from '../verbs.ts';

interface Tried {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly allowed: boolean;
  readonly open: boolean;
}

describe('connectivity', () => {
  const pairs = reachability(topology);

  it(`every edge connects, every other pair is refused (${pairs.length} pairs)`, async () => {
    const tried: readonly Tried[] = JSON.parse(await done(withValues('network', '--probe', '--json')));
    const open = tried.filter((pair) => pair.open);
    console.info(`network --probe: ${tried.length} pairs, ${open.length} open`);
    expect(tried.filter((pair) => pair.open !== pair.allowed)).toEqual([]);
    expect(tried).toHaveLength(pairs.length);
    expect(open).toHaveLength(pairs.filter(({ allowed }) => allowed).length);
    expect(tried.length - open.length).toBeGreaterThan(100);
  });
});
