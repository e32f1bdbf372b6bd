/** Environments: what differs from the defaults in schema.ts. A new one is an entry (docs/operations.md). */
import type { ConfigInput } from './schema.ts';

/** What an environment or a user may override: any part, at any depth. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
    : T;
export type ConfigOverride = DeepPartial<ConfigInput>;

export const ENVIRONMENT_CONFIG: Readonly<Record<string, ConfigOverride>> = {
  // kind on a laptop: one node of 2 CPUs and 8 GiB, ports 80 and 443 mapped by kind.
  dev: {
    tier: 'local',
    debug: true,
    logLevel: 'DEBUG',
    requestScale: { cpu: 0.15, memory: 0.5 },
    databases: { storage: '1Gi' },
    redis: { storage: '1Gi' },
    edge: { hosts: ['localhost'], service: 'NodePort' },
    settings: {
      aiModel: 'gpt-5.4-mini',
      corsOrigins: ['http://localhost:3000'],
      // Ranges kind gives to pods and Services.
      onecDeniedNetworks: ['10.244.0.0/16', '10.96.0.0/12'],
    },
    backups: { storage: '1Gi', retentionDays: 2 },
    simulator: { enabled: true, models: true },
    console: { enabled: true },
    monitoring: { storage: '2Gi' },
    logging: { enabled: false, retentionDays: 2, storage: '2Gi' },
  },
  // Several environments share this cluster, so names get a suffix. Load tests need the higher limits.
  staging: {
    nameSuffix: '-staging',
    debug: true,
    logLevel: 'DEBUG',
    extras: { loadTest: { enabled: true }, databaseTest: { enabled: true } },
    images: { registry: 'registry.example.com/ai-assistants' },
    services: { 'api-gateway': { replicas: 2 }, 'ai-assistant': { replicas: 2 } },
    settings: {
      aiModel: 'gpt-5.4-mini',
      jwtExpireMinutes: 60,
      rateLimit: 200,
    },
    databases: { environmentInName: 'staging' },
    console: { enabled: true },
    edge: {
      className: 'assistants-staging',
      hosts: ['staging.assistants.example.com'],
      tls: 'acme',
      acme: {
        email: 'platform@example.com',
        server: 'https://acme-staging-v02.api.letsencrypt.org/directory',
      },
    },
    monitoring: {
      retentionHours: 72,
      localPorts: { prometheus: 9091, alertmanager: 9094, grafana: 3002, redis: 6380 },
    },
    logging: { retentionDays: 7 },
  },
  // A cluster of its own: all that serves requests has at least two pods and an autoscaler.
  production: {
    tier: 'protected',
    images: { registry: 'registry.example.com/ai-assistants' },
    replicas: 2,
    autoscaling: { enabled: true },
    databases: { storage: '50Gi' },
    edge: {
      hosts: ['assistants.example.com'],
      tls: 'acme',
      acme: { email: 'platform@example.com' },
      replicas: 2,
    },
    backups: { storage: '50Gi', retentionDays: 30 },
    monitoring: { storage: '50Gi' },
    logging: { retentionDays: 30, storage: '50Gi' },
  },
};

export const ENVIRONMENTS: readonly string[] = Object.keys(ENVIRONMENT_CONFIG);

/** The environment of this machine: the first of tier `local`. */
export const LOCAL = ENVIRONMENTS.find((name) => ENVIRONMENT_CONFIG[name]?.tier === 'local') ?? 'local';
