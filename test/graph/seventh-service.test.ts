/** A seventh service is one entry of the topology: everything else follows (docs/add-a-service.md). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { toMermaid } from '../../charts/graph/diagram.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { reachability } from '../../charts/graph/reach.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { SERVICES } from '../../charts/topology.ts';
import { find, render } from '../support/objects.ts';

const SEVENTH: ServiceSpec = {
  name: 'seventh',
  title: 'Seventh',
  runtime: 'python',
  port: 8097,
  cpu: { request: '250m', limit: '500m' },
  memory: { request: '256Mi', limit: '512Mi' },
  database: { name: 'seventh_db', user: 'seventh_user' },
  route: { path: '/seventh' },
  gateway: { path: '/api/seventh' },
};

describe('a seventh service', () => {
  const services = [...SERVICES, SEVENTH];
  const objects = render('production', [], services);
  const config = resolveConfig('production');
  const topology = topologyOf(config, services);

  it('takes at most 20 lines', () => {
    const source = readFileSync(import.meta.filename, 'utf8');
    const entry = /const SEVENTH: ServiceSpec = (\{[\s\S]*?\n\});/.exec(source)?.[1];
    expect(entry?.split('\n').length).toBeLessThanOrEqual(20);
  });
  it('gets a Deployment, Service, account, autoscaler and disruption budget', () => {
    for (const kind of [
      'Deployment',
      'Service',
      'ServiceAccount',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
    ])
      find(objects, kind, 'seventh');
  });
  it('gets its own database, credentials, backup and restore drill', () => {
    find(objects, 'StatefulSet', 'postgres-seventh');
    find(objects, 'CronJob', 'backup-seventh');
    find(objects, 'CronJob', 'restore-drill-seventh');
    expect(secretCatalog(config, topology).map(({ name }) => name)).toContain('postgres-seventh-app');
  });
  it('gets policies: its callers in, its database and Redis out', () => {
    const { spec } = find(objects, 'NetworkPolicy', 'seventh');
    const names = (rules: readonly { from?: readonly Peer[]; to?: readonly Peer[] }[]) =>
      rules.flatMap(({ from = [], to = [] }) =>
        [...from, ...to].flatMap(
          ({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/name'] ?? [],
        ),
      );
    expect(names(spec.ingress)).toEqual(['api-gateway', 'traefik', 'prometheus']);
    expect(names(spec.egress)).toEqual(['redis', 'postgres-seventh']);
  });
  it('gets an Ingress route, a gateway route and a scrape target', () => {
    expect(find(objects, 'Ingress', 'seventh').spec.rules[0].http.paths[0].path).toBe('/seventh');
    expect(JSON.stringify(find(objects, 'Deployment', 'api-gateway'))).toContain('/api/seventh');
    find(objects, 'PodMonitor', 'seventh');
    find(objects, 'PodMonitor', 'postgres-seventh');
  });
  it('stands in the diagram and in the connectivity matrix', () => {
    expect(toMermaid(topology)).toContain('api_gateway --> seventh');
    const open = reachability(topology).filter(({ from, allowed }) => from.name === 'seventh' && allowed);
    expect(open.map(({ to }) => to.name).sort()).toEqual(['postgres-seventh', 'redis']);
  });
  it('leaves the other services as they were', () => {
    const before = render('production');
    for (const name of ['security', 'analytics', 'user-management'])
      expect(find(objects, 'Deployment', name)).toEqual(find(before, 'Deployment', name));
  });
});

interface Peer {
  readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
}
