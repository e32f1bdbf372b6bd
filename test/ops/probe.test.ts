import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { probeScript, probeSummary, triedPairs, wrongPairs } from '../../ops/core/probe.ts';
import { configOf } from '../support/objects.ts';

const pairs = reachability(topologyOf(configOf('dev'))).filter(({ from }) => from.name === 'security');
const lineOf = (open: boolean, { to, port }: (typeof pairs)[number]): string =>
  `${open ? 'open' : 'closed'} ${to.name}:${port}`;
const truth = pairs.map((pair) => lineOf(pair.allowed, pair));

describe('a walk', () => {
  it('tries every pair of a source at its address', () => {
    const script = probeScript(pairs, new Map(pairs.map(({ to }, index) => [to.name, `10.0.0.${index}`])));
    expect(script.split('\n')).toHaveLength(pairs.length + 1);
    for (const { number } of pairs)
      expect(script).toMatch(new RegExp(`/dev/tcp/10\\.0\\.0\\.\\d+/${number}'`));
    expect(script).not.toContain('undefined');
  });
  it('finds nothing wrong when all is as derived', () => {
    const tried = triedPairs(pairs, `${truth.toReversed().join('\n')}\n`);
    expect(wrongPairs(tried)).toEqual([]);
    expect(tried.map(({ open }) => open)).toEqual(pairs.map(({ allowed }) => allowed));
    const open = pairs.filter(({ allowed }) => allowed).length;
    expect(probeSummary(tried)).toBe(
      `1 components, ${pairs.length} pairs: ${open} open, ${pairs.length - open} refused, 0 not as derived`,
    );
  });
  it('names what is open and should not be, and the other way round', () => {
    const output = pairs.map((pair) => lineOf(!pair.allowed, pair)).join('\n');
    const wrong = wrongPairs(triedPairs(pairs, output));
    expect(wrong).toHaveLength(pairs.length);
    expect(wrong).toContain('security → redis:redis is refused');
    expect(wrong).toContain('security → postgres-analytics:postgresql is open');
  });
  it.each([[''], [truth.slice(1).join('\n')], [truth.join('\n').replace(/^\w+/, 'perhaps')]])(
    'takes no silence for a refusal',
    (output) => {
      expect(() => triedPairs(pairs, output)).toThrow(/^security → .*: was not tried/);
    },
  );
});
