/** What can be configured: types, defaults and ranges in one place. Unknown fields are refused. */

import { z } from 'zod';
import { edge } from './edge.ts';
import { extras } from './extras.ts';
import { address, bytes, cidr, cpu, cron, dns1123, port, positive } from './fields.ts';
import { logging } from './logging.ts';
import { monitoring } from './monitoring.ts';
import { dns, EVERYWHERE, external, network, PRIVATE } from './network.ts';
import { objects } from './objects.ts';
import { outside } from './outside.ts';
import { pods } from './pods.ts';
import { externalDatabase, externalDatabases, externalRedis } from './stores.ts';
import { PLATFORM_VERSION } from './versions.ts';

/** Deviations of one service from the topology and the environment. */
const service = z.strictObject({
  /** Replicas when autoscaling is off. @default config.replicas */
  replicas: positive.optional(),
  /** Range of the autoscaler. @default config.autoscaling */
  minReplicas: positive.optional(),
  maxReplicas: positive.optional(),
  cpu: z.strictObject({ request: cpu, limit: cpu }).optional(),
  memory: z.strictObject({ request: bytes, limit: bytes }).optional(),
  /** The service's own settings, by the names of their environment variables (services/settings.json). */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Its database on an external server, where it differs from `databases.external`. */
  database: externalDatabase,
});

/** What an environment may be called. */
export const environmentName = z
  .string()
  .regex(/^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$/, 'a name such as preprod: lower-case letters, digits and "-"');

export const configSchema = z.strictObject({
  /** The environment's name, also in metrics and logs. */
  environment: environmentName,
  /**
   * What the environment is for. `local`: development in a kind cluster on this machine, with self-signed certificates and
   * simulators. `shared`: tests in a cluster for several people. `protected`: production, without test accounts, without
   * forwarded consoles and without an identity provider that lacks TLS.
   */
  tier: z.enum(['local', 'shared', 'protected']).default('shared'),
  /** Appended to every namespace and cluster-scoped name, for clusters that several environments share. */
  nameSuffix: z
    .string()
    .regex(/^(-[a-z0-9]+)?$/, 'empty or "-" and letters or digits')
    .default(''),
  debug: z.boolean().default(false),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']).default('INFO'),

  ...objects,
  ...network,
  ...outside,
  pods,

  images: z
    .strictObject({
      /** Registry and path of our own six images. */
      registry: z
        .string()
        .regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/, 'a registry such as registry.example.com/team')
        .default('localhost/ai-assistants'),
      tag: z
        .string()
        .regex(/^[\w][\w.-]{0,127}$/, 'an image tag: letters, digits, "_", "." and "-"')
        .default(PLATFORM_VERSION),
      /** Digest of an image of ours, by image name; wins over the tag. */
      digests: z
        .record(dns1123, z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'))
        .default({}),
      /** Registry that mirrors the third-party images, put in place of their own. @default none */
      mirror: z
        .string()
        .regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/, 'a registry such as mirror.example.com')
        .optional(),
    })
    .prefault({}),

  /** Requests of the contract times this factor; limits stay: a laptop must do (docs/adr/0004). */
  requestScale: z
    .strictObject({ cpu: z.number().gt(0).max(1).default(1), memory: z.number().gt(0).max(1).default(1) })
    .prefault({}),
  /** Replicas of every service. */
  replicas: positive.default(1),
  autoscaling: z
    .strictObject({
      enabled: z.boolean().default(false),
      minReplicas: positive.default(2),
      maxReplicas: positive.default(5),
      /** Target use of the CPU request, per cent. */
      cpuPercent: z.int().min(1).max(100).default(75),
    })
    .prefault({}),
  /** By service name. */
  services: z.record(z.string(), service).default({}),
  /** Seconds a pod goes on accepting requests after it was told to stop. */
  drainSeconds: z.int().min(0).max(60).default(5),
  /**
   * Seconds until a pod of a service that was told to stop is killed: its drain, the longest stream (110 s), some to spare. The
   * gateway and the edge have as much more as an upload takes (charts/config/grace.ts).
   */
  terminationSeconds: z.int().min(1).max(600).default(130),

  settings: z
    .strictObject({
      aiModel: z.string().min(1).default('gpt-5.5'),
      /** Asked when the provider of `aiModel` fails. Empty: none. */
      aiFallbackModel: z.string().default(''),
      /** Patterns of the models callers may ask for, separated by commas. Empty: the chat models of OpenAI and Anthropic. */
      aiAllowedModels: z.string().default(''),
      /** How many tokens an answer may have, with what the model thinks. @default the service's own, 2048 */
      aiMaxOutputTokens: z.int().min(1).max(128_000).optional(),
      /** Where the providers' APIs are, when not at their own addresses: a proxy, a compatible server. */
      openaiBaseUrl: address,
      anthropicBaseUrl: address,
      /** `HS256`: one shared key. The others: user-management alone signs, everyone verifies by its published keys. */
      jwtAlgorithm: z.enum(['HS256', 'RS256', 'ES256']).default('HS256'),
      jwtExpireMinutes: z.int().min(1).max(1440).default(30),
      /** Requests a minute for one client. */
      rateLimit: positive.default(100),
      /** Origins browsers may call from. @default those of the edge's hosts */
      corsOrigins: z.array(z.url()).optional(),
      /** Empty until a 1C server is configured. */
      onecServerUrl: address,
      /** Ranges no 1C server can be in: those of the cluster's pods and Services. */
      onecDeniedNetworks: z.array(cidr).default([]),
      /** Where browsers reach the platform; links in e-mails begin with it. Empty: derived from `edge`. */
      publicUrl: address,
      /** Login with an external OpenID Connect provider. Empty: none. */
      oidcIssuer: address,
      oidcClientId: z.string().default(''),
      /** Empty: no e-mail is sent, and accounts need no verified address. */
      smtpHost: z.string().default(''),
      smtpPort: port.default(587),
      smtpFrom: z.string().default(''),
      smtpSecurity: z.enum(['starttls', 'tls', 'none']).default('starttls'),
      /** Who gets the alerts of the security service, separated by commas. Empty: no mail is sent. */
      alertEmailTo: z.string().default(''),
      securityLogLevel: z.enum(['DEBUG', 'INFO', 'WARNING', 'ERROR']).default('INFO'),
    })
    .prefault({}),

  databases: z
    .strictObject({
      /**
       * `statefulset`: one pod each. `cloudnative-pg`: three instances with failover (docs/adr/0006). `external`: servers that
       * others run (docs/external-stores.md).
       */
      engine: z.enum(['statefulset', 'cloudnative-pg', 'external']).default('statefulset'),
      /** The servers of the external engine; `services.*.database` may differ. */
      external: externalDatabases,
      /** Replaces the ending of database names: `ai_assistant_db` becomes `ai_assistant_staging_db`. */
      environmentInName: z
        .string()
        .regex(/^[a-z]*$/, 'lower-case letters')
        .default(''),
      storage: bytes.default('10Gi'),
      cpu: z.strictObject({ request: cpu, limit: cpu }).default({ request: '250m', limit: '500m' }),
      memory: z.strictObject({ request: bytes, limit: bytes }).default({ request: '256Mi', limit: '512Mi' }),
      /** Connections of each process of a service to its database: kept, and more while requests wait. */
      pool: z
        .strictObject({ size: positive.max(100).default(5), overflow: z.int().min(0).max(100).default(3) })
        .prefault({}),
      /** Connections each database takes. @default what a rollout at full scale asks for (docs/performance.md) */
      maxConnections: positive.optional(),
      /** Instances of the cloudnative-pg engine. */
      instances: positive.default(3),
      /** Object store for cloudnative-pg's WAL archive, such as s3://backups/platform. @default none */
      walArchive: z
        .string()
        .regex(/^(s3|gs|https):\/\/\S+$/, 'an object store address such as s3://bucket/path')
        .optional(),
    })
    .prefault({}),
  redis: z
    .strictObject({
      /** `statefulset`: one pod. `external`: a server that others run (docs/external-stores.md). */
      engine: z.enum(['statefulset', 'external']).default('statefulset'),
      external: externalRedis,
      storage: bytes.default('2Gi'),
      cpu: z.strictObject({ request: cpu, limit: cpu }).default({ request: '100m', limit: '250m' }),
      memory: z.strictObject({ request: bytes, limit: bytes }).default({ request: '128Mi', limit: '256Mi' }),
    })
    .prefault({}),
  /** The pages at `/` and `/docs` for people with a browser (docs/console.md). */
  console: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
  /** Storage class of every volume. @default the cluster's */
  storageClass: dns1123.optional(),

  edge,

  /**
   * Destinations outside the cluster, by purpose. An empty list of ranges keeps it closed. Ports of the settings that lead
   * there (charts/config/destinations.ts) are open besides.
   */
  egress: z
    .strictObject({
      /** Where names are resolved. */
      dns,
      /** Where `proxy` is. */
      proxy: external([], [3128]),
      'model-providers': external(EVERYWHERE, [443]),
      'onec-server': external([], [80, 443]),
      smtp: external([], [465, 587]),
      'identity-provider': external([], [443]),
      webhook: external([], [443]),
      /** Where metrics are copied to; only with `monitoring.remoteWrite.url`. */
      'remote-write': external(EVERYWHERE, [443]),
      /** The nodes' own addresses: metrics of volumes and containers come from there. */
      kubelet: external(PRIVATE, [10250]),
      /** Where snapshots of the logs go; only with `logging.snapshots`. */
      'object-store': external([], [443]),
      'kubernetes-api': external(PRIVATE, [443, 6443]),
    })
    .prefault({}),

  backups: z
    .strictObject({
      enabled: z.boolean().default(true),
      schedule: cron.default('15 2 * * *'),
      drillSchedule: cron.default('15 4 * * 0'),
      retentionDays: positive.default(7),
      storage: bytes.default('5Gi'),
    })
    .prefault({}),
  simulator: z
    .strictObject({
      /** A small stand-in for a 1C server, with a demonstration base; runs while `settings.onecServerUrl` is empty. */
      enabled: z.boolean().default(false),
      /**
       * A small stand-in for the model providers, in tier `local`; runs while no base URL of theirs is set, and is asked only while
       * there is no key.
       */
      models: z.boolean().default(false),
    })
    .prefault({}),
  monitoring,
  logging,
  extras,

  secrets: z
    .strictObject({
      /** `existing`: something else creates the Secrets (`./platform up` does, locally). `external`: External Secrets. */
      source: z.enum(['existing', 'external']).default('existing'),
      store: z
        .strictObject({
          name: dns1123,
          kind: z.enum(['SecretStore', 'ClusterSecretStore']).default('ClusterSecretStore'),
          /** Put before every remote key, such as `platform/assistants/`. */
          prefix: z.string().default(''),
        })
        .optional(),
    })
    .prefault({}),
});

/** The resolved configuration: every default filled in, cross-checked. */
export type Config = z.output<typeof configSchema>;
/** What an environment or a user states: any part of it. */
export type ConfigInput = z.input<typeof configSchema>;
