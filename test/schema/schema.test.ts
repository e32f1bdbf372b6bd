/** Every object of every environment against the strict schemas of each supported Kubernetes version. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KUBERNETES_VERSIONS } from '../../charts/config/versions.ts';
import { type KubeObject, render, root, VARIANTS, WITH_ROUTE } from '../support/objects.ts';

const python = root('.venv/bin/python');
const folder = root('imports/schemas');
/** The fields every object has, which a definition leaves to the API server. */
const open = { metadata: { type: 'object' } };
const definitions = Object.fromEntries(
  readdirSync(folder).map((file) => {
    const schema = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));
    return [file.replace('.json', ''), { ...schema, properties: { ...schema.properties, ...open } }];
  }),
);

/** Kinds whose definitions come with no bundle of ours; only who chooses them has them. */
const WITHOUT_SCHEMA = ['CiliumNetworkPolicy', 'ExternalSecret'];

interface Verdict {
  readonly checked: number;
  readonly errors: readonly string[];
}

function validate(versions: readonly string[], objects: readonly KubeObject[]): Verdict {
  const input = JSON.stringify({ versions, objects, definitions });
  const run = spawnSync(python, [root('test/schema/validate.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

describe('strict schemas', () => {
  it('the validator is installed (else: scripts/python-env)', () => {
    expect(existsSync(python)).toBe(true);
  });
  it.each(VARIANTS)('$name', ({ name, environment, overrides }) => {
    const all = render(environment, overrides);
    const objects = all.filter(({ kind }) => !WITHOUT_SCHEMA.includes(kind));
    const { checked, errors } = validate(KUBERNETES_VERSIONS, objects);
    console.info(
      `${name}: ${checked} checks (${objects.length} objects × ${KUBERNETES_VERSIONS.length} versions), ${errors.length} errors`,
    );
    expect(errors).toEqual([]);
    expect(checked).toBe(objects.length * KUBERNETES_VERSIONS.length);
  });
  it("somebody else's Gateway", () => {
    const gateway = { name: 'shared', namespace: 'infra', httpsListener: 'https', httpListener: 'http' };
    const objects = render('production', [
      { edge: { controller: 'gateway', gateway, from: { namespace: 'infra' } } },
    ]);
    expect(objects.filter(({ kind }) => kind === 'HTTPRoute')).toHaveLength(WITH_ROUTE.length + 1);
    expect(validate(['1.28'], objects).errors).toEqual([]);
  });
  it.each([
    ['a field that is not there', { spec: { replicass: 1 } }],
    ['a value of another type', { spec: { replicas: 'two' } }],
  ])('would find %s', (_, change) => {
    const deployment = render('dev').find(({ kind }) => kind === 'Deployment');
    if (!deployment) throw new Error('no Deployment');
    const broken = { ...deployment, spec: { ...deployment.spec, ...change.spec } };
    expect(validate(['1.28'], [broken]).errors).toHaveLength(1);
  });
  it('would find a wrong field of a custom resource', () => {
    const monitor = render('dev').find(({ kind }) => kind === 'PodMonitor');
    if (!monitor) throw new Error('no PodMonitor');
    const broken = { ...monitor, spec: { ...monitor.spec, podMetricsEndpoint: [] } };
    expect(validate(['1.28'], [broken]).errors).toHaveLength(1);
  });
});
