/** Logging: the issuer of its certificates, the target of snapshots, repeated set-up, network access. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { configOf, find, type KubeObject, render } from '../support/objects.ts';

const names = (objects: readonly KubeObject[], kind: string): readonly string[] =>
  objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
const catalogOf = (overrides: Parameters<typeof configOf>[1]) => {
  const config = configOf('production', overrides);
  return secretCatalog(config, topologyOf(config)).map(({ name }) => name);
};

describe('a cert-manager issuer of the cluster', () => {
  const override = { logging: { issuer: 'internal-ca' } };
  const objects = render('production', [override]);
  it('signs a certificate for each, as PKCS #8, in the namespace it is used in', () => {
    for (const [name, namespace] of [
      ['elasticsearch', 'assistants-logging'],
      ['logstash', 'assistants-logging'],
      ['kibana', 'assistants-logging'],
      ['filebeat', 'assistants-node-agents'],
    ] as const) {
      const { metadata, spec } = find(objects, 'Certificate', name);
      expect(metadata.namespace).toBe(namespace);
      expect(spec).toMatchObject({
        secretName: `${name}-tls`,
        dnsNames: expect.arrayContaining([name, `${name}.${namespace}.svc`, 'localhost']),
        issuerRef: { name: 'internal-ca', kind: 'ClusterIssuer' },
        privateKey: { encoding: 'PKCS8' },
      });
    }
  });
  it('takes the place of the Secrets, and makes cert-manager a prerequisite', () => {
    expect(catalogOf([])).toContain('logstash-tls');
    expect(catalogOf([override]).filter((name) => name.endsWith('-tls'))).toEqual([]);
    expect(prerequisites(configOf('dev', [{ logging: { enabled: true, issuer: 'x' } }]))).toContain(
      'certManager',
    );
    expect(prerequisites(configOf('dev', [{ logging: { enabled: true } }]))).not.toContain('certManager');
  });
});

describe('snapshots', () => {
  const override = {
    logging: { snapshots: { bucket: 'logs', endpoint: 'https://s3.example.com' } },
    egress: { 'object-store': { cidrs: ['192.0.2.0/24'] } },
  };
  const objects = render('production', [override]);
  it('go where the configuration says, and only Elasticsearch may', () => {
    const blocks = objects
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .filter((policy) => JSON.stringify(policy).includes('192.0.2.0/24'));
    expect(blocks.map(({ metadata }) => metadata.name)).toEqual(['elasticsearch']);
    expect(find(objects, 'ConfigMap', 'elasticsearch').data?.['elasticsearch.yml']).toContain(
      'https://s3.example.com',
    );
    expect(find(objects, 'ConfigMap', 'logging-setup').data?.['requests.txt']).toContain('/_slm/policy/');
  });
  it('have credentials of their own, provided by a person', () => {
    expect(catalogOf([override])).toContain('elasticsearch-snapshots');
    expect(catalogOf([])).not.toContain('elasticsearch-snapshots');
  });
  it('are refused while their store cannot be reached', () => {
    expect(() => configOf('production', [{ logging: { snapshots: { bucket: 'logs' } } }])).toThrow(
      'egress.object-store.cidrs: [] is not valid, expected at least one range, because logging.snapshots is set',
    );
  });
});

describe('the set-up job', () => {
  const jobOf = (overrides: Parameters<typeof configOf>[1]): string =>
    names(render('production', overrides), 'Job')[0] ?? '';
  it('is a new one when what it sends changes, and the same otherwise', () => {
    const now = jobOf([]);
    expect(now).toMatch(/^logging-setup-[0-9a-f]{8}$/);
    expect(jobOf([{ logging: { retentionDays: 31 } }])).not.toBe(now);
    expect(jobOf([{ replicas: 3 }])).toBe(now);
  });
  it('tries again, and ends at some time', () => {
    expect(find(render('production'), 'Job', jobOf([])).spec).toMatchObject({
      backoffLimit: 10,
      activeDeadlineSeconds: 3600,
    });
  });
});

describe('ways between the parts', () => {
  const { edges, externalEdges } = topologyOf(configOf('production'));
  const of = ['filebeat', 'logstash', 'elasticsearch', 'kibana', 'logging-setup'];
  it('are the five that lines and their set-up take', () => {
    expect(
      edges
        .filter(({ from, to }) => of.includes(from) || of.includes(to))
        .map(({ from, to, port }) => `${from} ${to} ${port}`),
    ).toEqual([
      'filebeat logstash beats',
      'logstash elasticsearch https',
      'kibana elasticsearch https',
      'logging-setup elasticsearch https',
      'logging-setup kibana https',
    ]);
    expect(externalEdges.filter(({ from }) => of.includes(from))).toEqual([]);
  });
});
