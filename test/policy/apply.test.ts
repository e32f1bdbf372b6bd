/** A repeated apply changes nothing, and an immutable object gets a new name when it changes. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { configOf, find, type KubeObject, key, render, VARIANTS } from '../support/objects.ts';

/** Paths of empty lists. The API server drops those of most kinds, so that the next apply finds a difference. */
function emptyLists(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value) && value.length === 0) return [path];
  return Object.entries(value).flatMap(([name, part]) => emptyLists(part, `${path}.${name}`));
}

describe.each(VARIANTS)('$name: applied twice', ({ environment, overrides }) => {
  const objects = render(environment, overrides);

  it('no object has an empty list', () => {
    expect(objects.length).toBeGreaterThan(150);
    expect(objects.flatMap((object) => emptyLists(object, key(object)))).toEqual([]);
  });
  it('an empty list would be found', () => {
    expect(emptyLists({ spec: { rules: [{ from: [] }] } }, 'x')).toEqual(['x.spec.rules.0.from']);
  });
});

describe('a Job, whose template cannot be changed', () => {
  const jobs = (overrides: readonly ConfigOverride[] = []): readonly KubeObject[] =>
    render('production', overrides).filter(({ kind }) => kind === 'Job');
  const before = new Map(jobs().map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec)]));
  const CHANGES: Readonly<Record<string, ConfigOverride>> = {
    image: { images: { mirror: 'mirror.example.com' } },
    requests: { requestScale: { cpu: 0.5 } },
    documents: { logging: { retentionDays: 14 } },
  };

  it('exists', () => expect(before.size).toBeGreaterThan(0));
  it.each(Object.entries(CHANGES))('has another name when its %s change', (_, override) => {
    const changed = jobs([override]);
    expect(changed).toHaveLength(before.size);
    for (const { metadata } of changed) expect([...before.keys()]).not.toContain(metadata.name);
  });
  it('keeps its name when nothing of it changes', () => {
    const same = jobs([{ databases: { storage: '20Gi' } }]);
    expect(same.map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec)])).toEqual([...before]);
  });
});

describe('the address of the edge', () => {
  const LOAD_BALANCER = VARIANTS.filter(
    ({ environment, overrides }) => configOf(environment, overrides).edge.service === 'LoadBalancer',
  );
  it('is known in more than one environment', () => expect(LOAD_BALANCER.length).toBeGreaterThan(1));
  it.each(LOAD_BALANCER)('$name: is copied to the Ingress, by an account that may read it', (variant) => {
    const objects = render(variant.environment, variant.overrides);
    const deployment = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'traefik',
    );
    const args: readonly string[] = deployment?.spec.template.spec.containers[0].args;
    const value = (flag: string) =>
      args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
    const provider = '--providers.kubernetesingress';
    const [namespace = '', name = ''] = value(`${provider}.ingressendpoint.publishedservice`).split('/');
    const service = find(objects, 'Service', name);
    expect(service).toMatchObject({ metadata: { namespace }, spec: { type: 'LoadBalancer' } });
    // Traefik looks up nothing outside the namespaces it is told to watch.
    expect(value(`${provider}.namespaces`).split(',')).toContain(namespace);
    const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace);
    const rules = roles.flatMap(
      (role: KubeObject & { readonly rules?: readonly { readonly resources: readonly string[] }[] }) =>
        role.rules ?? [],
    );
    expect(rules.flatMap(({ resources }) => resources)).toEqual(
      expect.arrayContaining(['services', 'secrets', 'endpointslices', 'ingresses']),
    );
  });
});
