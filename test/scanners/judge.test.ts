/** What makes a scan of the manifests fail. The scanners themselves run in `npm run scan:checkov` and `scan:kube-score`. */
import { describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { expectedOfCheckov } from '../../scripts/scanners/checkov.ts';
import { type Finding, judge, type Scan } from '../../scripts/scanners/judge.ts';
import { expectedOfKubeScore } from '../../scripts/scanners/kube-score.ts';
import { manifestsIn } from '../../scripts/scanners/manifests.ts';
import { SCANNERS, SKIPS, type Skip } from '../../scripts/scanners/skips.ts';
import { render, root } from '../support/objects.ts';

const finding = (check: string, object: string): Finding => ({ check, object, says: 'is not well' });
const scans = (findings: Partial<Record<string, readonly Finding[]>>, seen = 10): readonly Scan[] =>
  ENVIRONMENTS.map((environment) => ({
    environment,
    seen,
    expected: 10,
    findings: findings[environment] ?? [],
  }));
const skip: Skip = {
  wanted: 'a thing',
  checks: { checkov: 'C1' },
  objects: ['Deployment/*', 'Service/edge'],
  environments: ['dev'],
  reason: 'because',
};
const found = [
  finding('C1', 'Deployment/one'),
  finding('C1', 'Deployment/two'),
  finding('C1', 'Service/edge'),
];

describe('a scan', () => {
  it('passes when every finding has its reason and every reason its finding', () => {
    expect(judge('checkov', [skip], scans({ dev: found }))).toEqual([]);
  });
  it.each([
    ['another check', 'C2', 'Deployment/one'],
    ['another kind', 'C1', 'StatefulSet/one'],
    ['a name that only begins alike', 'C1', 'Service/edge-two'],
  ])('fails on %s', (_, check, object) => {
    const problems = judge('checkov', [skip], scans({ dev: [...found, finding(check, object)] }));
    expect(problems).toEqual([`dev: ${object}: ${check}: is not well`]);
  });
  it('fails on the same finding in another environment', () => {
    expect(judge('checkov', [skip], scans({ dev: found, staging: found.slice(0, 1) }))).toEqual([
      'staging: Deployment/one: C1: is not well',
    ]);
  });
  it('fails on the same finding of another scanner, which takes no reason from this one', () => {
    expect(judge('kube-score', [skip], scans({ dev: found.slice(0, 1) }))).toEqual([
      'dev: Deployment/one: C1: is not well',
    ]);
  });
  it.each(['dev', 'staging', 'production'] as const)('fails on a reason without a finding in %s', (gone) => {
    const everywhere = { ...skip, environments: ENVIRONMENTS };
    const problems = judge(
      'checkov',
      [everywhere],
      scans({ dev: found, staging: found, production: found, [gone]: found.slice(0, 2) }),
    );
    expect(problems).toEqual([
      `${gone}: C1 of Service/edge: skipped, but found nowhere: take it out of scripts/scanners/skips.ts`,
    ]);
  });
  it.each([9, 11])('fails when %d of 10 objects were seen', (seen) => {
    expect(judge('checkov', [skip], scans({ dev: found }, seen))).toEqual(
      ENVIRONMENTS.map((environment) => `${environment}: saw ${seen} of 10 objects`),
    );
  });
});

describe('what is skipped', () => {
  it('has a reason, a check and objects', () => {
    expect(SKIPS.length).toBeGreaterThanOrEqual(10);
    for (const { wanted, checks, objects, reason } of SKIPS) {
      expect(reason.length, wanted).toBeGreaterThan(20);
      expect(Object.values(checks).length, wanted).toBeGreaterThanOrEqual(1);
      expect(objects.length, wanted).toBeGreaterThanOrEqual(1);
    }
    for (const scanner of SCANNERS)
      expect(SKIPS.filter(({ checks }) => checks[scanner]).length, scanner).toBeGreaterThanOrEqual(3);
  });
});

describe.each(ENVIRONMENTS)('objects a scanner must see in dist/%s', (environment) => {
  const manifests = manifestsIn(root(`dist/${environment}`));
  const kinds = render(environment).map(({ kind }) => kind);
  const of = (...some: readonly string[]) => kinds.filter((kind) => some.includes(kind)).length;

  it('are all there are, and for checkov their pods', () => {
    expect(manifests.kinds.toSorted()).toEqual(kinds.toSorted());
    const pods = of('Deployment', 'StatefulSet', 'DaemonSet', 'Job');
    expect(pods).toBeGreaterThanOrEqual(17);
    expect(expectedOfCheckov(manifests)).toBe(kinds.length + pods);
  });
  it('are for kube-score the workloads and what points at them', () => {
    expect(expectedOfKubeScore(manifests)).toBeGreaterThanOrEqual(
      of('Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Service', 'NetworkPolicy', 'Ingress'),
    );
  });
});
