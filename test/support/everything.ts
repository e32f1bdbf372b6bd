/** The values file that sets every field at once, and overrides for what it cannot. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { EXTERNALS } from '../../charts/graph/model.ts';

const file = new URL('../config/everything.yaml', import.meta.url);
const values = z.record(z.string(), z.unknown());

export const EVERYTHING = values.parse(load(readFileSync(file, 'utf8')));

/** Resets the fields whose defaults some rules check, so that those rules can check the rest of EVERYTHING. */
export const AS_RULED = {
  edge: { maxBodyMiB: 100 },
  egress: { 'model-providers': { cidrs: ['0.0.0.0/0', '::/0'] }, dns: { ports: [53] } },
  pods: {
    priorityClassName: 'assistants-standard',
    components: { redis: { priorityClassName: 'assistants-critical' } },
    topologySpreadConstraints: [
      {
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
  },
  monitoring: {
    alertmanager: { routes: { critical: [], warning: [], info: [] } },
    remoteWrite: { url: '', authentication: 'none' },
  },
} as const;

const destination = {
  cidrs: ['192.0.2.0/24'],
  pods: [{ namespace: 'elsewhere', labels: { app: 'server' } }],
  ports: [8443],
};

const podFields: ConfigOverride['pods'] = {
  nodeSelector: { pool: 'app' },
  tolerations: [{ key: 'app', operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname' }],
  podLabels: { tier: 'app' },
  podAnnotations: { scan: 'yes' },
  imagePullSecrets: [{ name: 'app-registry' }],
  priorityClassName: 'company-app',
  runtimeClassName: 'kata',
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
};

/** Stores on servers that others run, one of the databases on another server. */
const external = (ca: {
  readonly configMap?: string;
  readonly secret?: string;
  readonly key?: string;
}): ConfigOverride => {
  const place = { cidrs: ['192.0.2.0/24'], pods: destination.pods, ca };
  const server = { ...place, port: 6432, sslMode: 'verify-full', maxConnections: 900 } as const;
  return {
    databases: { engine: 'external', external: { ...server, host: 'databases.example.com' } },
    services: {
      security: { database: { ...server, host: 'audit.example.com', name: 'audit', user: 'auditor' } },
    },
    redis: { engine: 'external', external: { ...place, host: 'redis.example.com', port: 6380, tls: true } },
  };
};

const from = { namespace: 'ingress', podLabels: { app: 'controller' }, cidrs: ['198.51.100.0/24'] };

export const EXTERNAL = external({ configMap: 'stores-authority', key: 'stores.pem' });

/** Overrides with what the values file leaves out, because it excludes another setting. */
export const OTHERS: readonly ConfigOverride[] = [
  {
    tier: 'shared',
    nameSuffix: '-two',
    databases: { environmentInName: 'two' },
    simulator: { models: false },
  },
  // A proxy would replace most of these destinations, so this override has none.
  {
    egress: Object.fromEntries(EXTERNALS.map((purpose) => [purpose, destination])),
    monitoring: { remoteWrite: { url: 'https://metrics.example.com/write' } },
  },
  { tier: 'local', simulator: { models: true } },
  { pods: { zones: { app: podFields }, components: { security: podFields } } },
  { replicas: 2, services: { security: { replicas: 3 } }, autoscaling: { enabled: false } },
  { databases: { engine: 'cloudnative-pg', instances: 3, walArchive: 's3://backups/platform' } },
  EXTERNAL,
  external({ secret: 'stores-authority' }),
  { edge: { service: 'NodePort', nodePorts: { http: 30081, https: 30444 } } },
  { edge: { controller: 'external', className: 'nginx', from } },
  {
    edge: {
      controller: 'gateway',
      from,
      gateway: { name: 'shared', namespace: 'gateways', httpListener: 'web', httpsListener: 'websecure' },
    },
  },
  { edge: { tls: 'existing', tlsSecret: 'company-tls', slowestUploadMbit: 4 } },
  { edge: { trustedProxies: ['203.0.113.0/24'], proxyDepth: 2, proxyProtocolFrom: ['203.0.113.7/32'] } },
  { trust: { secret: 'company-authorities' }, egress: { proxy: { pods: destination.pods } } },
  { monitoring: { alertmanager: { configSecret: 'mine' } } },
  { logging: { enabled: true, issuer: 'company' }, namespaces: { app: 'one', logging: 'two' } },
];
