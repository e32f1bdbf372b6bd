/** Databases and Redis on servers that others run: nothing of ours in their place, one way to each, and trust by authority. */
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { FOLLOWER } from '../../charts/constructs/follower.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { ruleGroups } from '../../charts/monitoring/rules/catalog.ts';
import { ruleScope } from '../../charts/monitoring/rules/model.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { SERVICES } from '../../charts/topology.ts';
import { AUDIT, ca, external, MOST, REDIS } from '../support/external-stores.ts';
import {
  configOf,
  containersOf,
  find,
  type KubeObject,
  type Pod,
  podsOf,
  render,
  WITH_DATABASE,
} from '../support/objects.ts';

const objects = render('production', [external()]);
const pods = podsOf(objects);
const podOf = (owner: string): Pod => {
  const found = pods.find((pod) => pod.owner === owner);
  if (!found) throw new Error(`no pod of ${owner}`);
  return found;
};
const variablesOf = (pod: Pod): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    containersOf(pod).flatMap(({ env = [] }) => env.map(({ name, value }) => [name, value])),
  );

describe('the stores themselves', () => {
  const names = [...WITH_DATABASE.map(({ name }) => `postgres-${name}`), 'redis'];
  const named = (kind: string): readonly string[] =>
    objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);

  it('are not ours: no StatefulSet, Service or volume in their place', () => {
    expect(names.length).toBeGreaterThan(5);
    expect(named('StatefulSet').filter((name) => names.includes(name))).toEqual([]);
    expect(named('Service').filter((name) => names.includes(name))).toEqual([]);
    expect(named('PersistentVolumeClaim').filter((name) => name.startsWith('data-'))).toEqual(
      ['elasticsearch', 'logstash'].map((name) => `data-${name}-0`),
    );
  });
  it('each has an exporter under its name, with a password of its own', () => {
    for (const name of names) {
      const { containers } = podOf(`Deployment/${name}`).spec;
      expect(containers[0]).toMatchObject({ name: 'exporter', ports: [{ name: 'metrics' }] });
      expect(containers.slice(1).map((container) => container.name)).toEqual(
        name === 'redis' ? [FOLLOWER] : [],
      );
      find(objects, 'PodMonitor', name);
    }
    const { spec } = podOf('Deployment/postgres-security');
    expect(JSON.stringify(spec.volumes)).toContain('"name":"postgres-security-exporter"');
    expect(JSON.stringify(spec.volumes)).not.toContain('"name":"postgres-security-app"');
  });
  it('are backed up, drilled, migrated, tested and restored by the same jobs', () => {
    for (const kind of ['backup', 'restore-drill', 'restore', 'database-test'])
      for (const { name } of WITH_DATABASE) find(objects, 'CronJob', `${kind}-${name}`);
  });
});

interface Rule {
  readonly to?: readonly { readonly ipBlock?: { readonly cidr: string } }[];
  readonly ports: readonly { readonly port: number }[];
}

describe('the way to the stores', () => {
  const RANGES = [...MOST.cidrs, ...AUDIT.cidrs, ...REDIS.cidrs];
  /** `policy → ranges:ports` for each rule that leads to one of the ranges. */
  const ways = (of: readonly KubeObject[]): readonly string[] =>
    of
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .flatMap(({ metadata, spec }) =>
        (spec.egress ?? []).flatMap(({ to = [], ports }: Rule) => {
          const cidrs = to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
          return cidrs.some((cidr) => RANGES.includes(cidr))
            ? [`${metadata.name} → ${cidrs.join()}:${ports.map(({ port }) => port).join()}`]
            : [];
        }),
      )
      .toSorted();
  const way = (from: string, { cidrs, port }: typeof MOST): string => `${from} → ${cidrs.join()}:${port}`;
  const expected = [
    ...WITH_DATABASE.flatMap(({ name }) =>
      ['', 'migrate-', 'backup-', 'restore-', 'database-test-', 'postgres-'].map((prefix) =>
        way(`${prefix}${name}`, name === 'security' ? AUDIT : MOST),
      ),
    ),
    ...SERVICES.map(({ name }) => way(name, REDIS)),
    way('redis', REDIS),
  ].toSorted();

  it('is open to exactly those who need it, to exactly those ranges and that port', () => {
    expect(expected.length).toBeGreaterThan(30);
    expect(ways(objects)).toEqual(expected);
  });
  it('one more range would be found', () => {
    const wider = render('production', [external({ cidrs: [...MOST.cidrs, '192.0.2.128/25'] })]);
    expect(ways(wider)).not.toEqual(expected);
  });
  it('leads to pods, too, where the server is in this cluster', () => {
    const labels = { app: 'postgres' };
    const inside = render('production', [
      external({ cidrs: [], pods: [{ namespace: 'elsewhere', labels }] }),
    ]);
    expect(find(inside, 'NetworkPolicy', 'backup-analytics').spec.egress[0]).toEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'elsewhere' } },
          podSelector: { matchLabels: labels },
        },
      ],
      ports: [{ protocol: 'TCP', port: MOST.port }],
    });
  });
  it('only Prometheus may reach the exporters, and no probe takes one for a server', () => {
    for (const name of ['postgres-security', 'redis']) {
      const [rule, ...more] = find(objects, 'NetworkPolicy', name).spec.ingress;
      expect(more).toEqual([]);
      expect(rule.from[0].podSelector.matchLabels).toEqual({ 'app.kubernetes.io/name': 'prometheus' });
    }
    const pairs = reachability(topologyOf(configOf('production', [external()])));
    expect(pairs.length).toBeGreaterThan(200);
    expect(pairs.filter(({ port }) => port === 'postgresql' || port === 'redis')).toEqual([]);
  });
});

describe('clients', () => {
  /** Whether a file is in a volume that the first container mounts there. */
  const hasFile = ({ spec }: Pod, path: string | undefined): boolean => {
    const [folder, file] = [path?.replace(/\/[^/]*$/, ''), path?.replace(/.*\//, '')];
    const mount = spec.containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === folder);
    const sources = spec.volumes?.find(({ name }) => name === mount?.name)?.projected?.sources ?? [];
    const items = sources.flatMap(({ configMap }) =>
      configMap?.name === ca.configMap ? configMap.items : [],
    );
    return items?.some((item) => item?.key === ca.key && item.path === file) ?? false;
  };

  it('services have address, mode and authority of both', () => {
    for (const { name } of WITH_DATABASE) {
      const pod = podOf(`Deployment/${name}`);
      const variables = variablesOf(pod);
      expect(variables, name).toMatchObject({
        POSTGRES_HOST: name === 'security' ? '198.51.100.7' : 'databases.example.com',
        POSTGRES_PORT: name === 'security' ? '5433' : '6432',
        POSTGRES_SSLMODE: 'verify-full',
        REDIS_HOST: 'redis.example.com',
        REDIS_PORT: '6380',
        REDIS_TLS: 'true',
      });
      expect([variables.POSTGRES_CA_FILE, variables.REDIS_CA_FILE].map((path) => hasFile(pod, path))).toEqual(
        [true, true],
      );
    }
    const gateway = podOf('Deployment/api-gateway');
    expect(variablesOf(gateway)).toMatchObject({ REDIS_TLS: 'true', REDIS_HOST: 'redis.example.com' });
    expect(hasFile(gateway, variablesOf(gateway).REDIS_CA_FILE)).toBe(true);
    expect(variablesOf(gateway)).not.toHaveProperty('POSTGRES_SSLMODE');
  });
  it("libpq's programs have the same", () => {
    const clients = ['backup', 'restore', 'database-test'].flatMap((kind) =>
      WITH_DATABASE.map(({ name }) => podOf(`CronJob/${kind}-${name}`)),
    );
    expect(clients.length).toBeGreaterThan(10);
    for (const pod of clients) {
      const { PGSSLMODE, PGSSLROOTCERT } = variablesOf(pod);
      expect([PGSSLMODE, hasFile(pod, PGSSLROOTCERT)], pod.owner).toEqual(['verify-full', true]);
    }
    expect(variablesOf(podOf('CronJob/restore-drill-security'))).not.toHaveProperty('PGHOST');
  });
  it('exporters have them in their addresses', () => {
    const postgres = podOf('Deployment/postgres-analytics');
    expect(variablesOf(postgres).DATA_SOURCE_URI).toBe(
      'databases.example.com:6432/postgres?sslmode=verify-full&sslrootcert=/run/secrets/exporter/postgres-ca.crt',
    );
    expect(hasFile(postgres, '/run/secrets/exporter/postgres-ca.crt')).toBe(true);
    const redis = podOf('Deployment/redis');
    const { REDIS_ADDR, REDIS_EXPORTER_TLS_CA_CERT_FILE: file } = variablesOf(redis);
    expect([REDIS_ADDR, hasFile(redis, file)]).toEqual(['rediss://redis.example.com:6380', true]);
    const v6 = render('production', [external({ host: '2001:db8::1', cidrs: ['2001:db8::/64'] })]);
    expect(JSON.stringify(v6)).toContain('[2001:db8::1]:6432/postgres?');
  });
  it.each(['require', 'disable'] as const)('with %s no program has an authority to verify by', (sslMode) => {
    const unverified = podsOf(render('production', [external({ sslMode }, { tls: false })])).filter(
      ({ owner }) => !owner.endsWith('security'),
    );
    const variables = unverified.map(variablesOf);
    const modes = variables.flatMap(({ POSTGRES_SSLMODE, PGSSLMODE }) => POSTGRES_SSLMODE ?? PGSSLMODE ?? []);
    expect(modes.length).toBeGreaterThan(10);
    expect(new Set(modes)).toEqual(new Set([sslMode]));
    expect(JSON.stringify(unverified)).not.toMatch(/stores-authority|_CA_|ROOTCERT|rediss:/);
  });
  it('use the names of the owner, who is no other role on that server', () => {
    expect(variablesOf(podOf('Deployment/security'))).toMatchObject({
      POSTGRES_DB: 'audit',
      POSTGRES_USER: 'auditor',
    });
    expect(variablesOf(podOf('CronJob/restore-security'))).toMatchObject({
      PGDATABASE: 'audit',
      PGUSER: 'auditor_admin',
      APP_USER: 'auditor',
      EXTERNAL: 'true',
    });
    expect(variablesOf(podOf('Deployment/postgres-security')).DATA_SOURCE_USER).toBe('auditor_exporter');
  });
  it('a restore asks for no extension that only a superuser makes', () => {
    const sql = (of: readonly KubeObject[]) => find(of, 'ConfigMap', 'backup-scripts').data?.['database.sql'];
    expect(sql(render('production'))).toMatch(/CREATE EXTENSION/);
    expect(sql(objects)).toMatch(/^CREATE DATABASE :"database" OWNER :"app_user";$/m);
    expect(sql(objects)).not.toMatch(/EXTENSION|exporter/);
  });
});

describe('passwords', () => {
  const catalog = (override: ConfigOverride) => {
    const config = configOf('production', [override]);
    return new Map(secretCatalog(config, topologyOf(config)).map((entry) => [entry.name, entry]));
  };
  it('are in the Secrets of the same names, and changed where the server is', () => {
    const found = catalog(external());
    for (const part of ['app', 'superuser', 'exporter'])
      expect(found.get(`postgres-security-${part}`)).toMatchObject({
        type: 'kubernetes.io/basic-auth',
        rotation: { never: expect.stringContaining('docs/external-stores.md') },
      });
    expect(found.get('postgres-security-superuser')?.keys[0]).toEqual({
      key: 'username',
      value: { kind: 'fixed', text: 'auditor_admin' },
    });
    expect(found.get('redis')).toMatchObject({
      keys: [{ key: 'password', value: { kind: 'provided' } }],
      rotation: { never: expect.stringContaining('docs/external-stores.md') },
    });
  });
  it('no pod needs that of a role that restores when nothing is backed up', () => {
    const found = catalog({ ...external(), backups: { enabled: false } });
    expect(found.has('postgres-security-superuser')).toBe(false);
    expect(found.has('postgres-security-exporter')).toBe(true);
  });
});

describe('alerts', () => {
  const alertsOf = (override: ConfigOverride): readonly string[] => {
    const config = configOf('production', [override]);
    return ruleGroups(ruleScope(config, topologyOf(config)))
      .filter(({ name }) => ['postgres', 'redis', 'backups'].includes(name))
      .flatMap(({ alerts = [] }) => alerts.map(({ alert }) => alert));
  };
  it('tell of servers that do not answer and of backups, not of disks and snapshots of others', () => {
    const ours = alertsOf({});
    const theirs = alertsOf(external());
    expect(theirs).toEqual(
      expect.arrayContaining(['DatabaseDown', 'DatabaseConnectionsNearLimit', 'RedisDown', 'BackupFailed']),
    );
    expect(ours.filter((alert) => !theirs.includes(alert))).toEqual([
      'DatabaseVolumeFills',
      'DatabaseVolumeAlmostFull',
      'RedisSnapshotFails',
      'RedisSnapshotOld',
    ]);
  });
});
