/** Redis: cache, rate limits and events, with snapshots on a volume and a metrics exporter. */
import { readFileSync } from 'node:fs';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { bytesOf } from '../config/quantity.ts';
import type { Config } from '../config/schema.ts';
import { follower } from '../constructs/follower.ts';
import { priorityClass } from '../constructs/names.ts';
import { podSecurity, resources, SMALL, scratch, secretVolume } from '../constructs/pod.ts';
import { exec, http, tcp } from '../constructs/probes.ts';
import { REDIS_SECRET } from '../constructs/secret-names.ts';
import { Store } from '../constructs/store.ts';
import { type Component, PORTS } from '../graph/model.ts';

/** uid and gid of the official image's redis user. */
const REDIS_USER = 999;
const REDIS_GROUP = 1000;
/** Where the services publish their events (services/common/assistants_common/events.py). */
const EVENT_STREAM = 'events';
/** File with the password in Redis's pod. */
export const REDIS_PASSWORD_FILE = '/run/secrets/redis/password';
/** File with the passwords last given to Redis. */
export const REDIS_APPLIED_FILE = '/run/redis/applied';
/**
 * Share of the memory limit for data. A snapshot forks, and the kernel copies each page written meanwhile: in
 * the worst case all data is in memory twice, plus buffers and fragmentation.
 */
const MAXMEMORY_SHARE = 0.4;

/** redis.conf: eviction, snapshots and events of the contract. */
export function redisConf(config: Config): string {
  const maxmemory = Math.floor((bytesOf(config.redis.memory.limit) * MAXMEMORY_SHARE) / 2 ** 20);
  return [
    // Listens on all addresses; Redis skips a family the node does not have.
    'bind * -::*',
    `port ${PORTS.redis}`,
    'dir /data',
    `maxmemory ${maxmemory}mb`,
    'maxmemory-policy allkeys-lru',
    'save 900 1',
    'save 300 10',
    'save 60 10000',
    // A failing snapshot must not stop rate limits, logins and events. The alert RedisSnapshotFails reports it, and
    // the outboxes publish again what a restart loses.
    'stop-writes-on-bgsave-error no',
    'notify-keyspace-events Ex',
    'tcp-keepalive 60',
    'include /run/redis/auth.conf',
    '',
  ].join('\n');
}

/** Turns the password file into the forms Redis and its exporter read, in memory only, and follows its changes. */
const SECRETS_SCRIPT = readFileSync(new URL('./scripts/redis-secrets.sh', import.meta.url), 'utf8');
const CONFIG = '/etc/redis';
export const REDIS_RUN: k8s.VolumeMount = { name: 'run', mountPath: '/run/redis' };

const PING = `REDISCLI_AUTH=$(head -n 1 ${REDIS_PASSWORD_FILE})
export REDISCLI_AUTH
redis-cli -h 127.0.0.1 ping`;
const PONG = ['sh', '-euc', `${PING} | grep -q PONG`];

export interface RedisProps {
  readonly config: Config;
  readonly component: Component;
}

export class Redis extends Construct {
  constructor(scope: Construct, id: string, props: RedisProps) {
    super(scope, id);
    const { config, component } = props;
    new Store(this, 'store', {
      config,
      component,
      files: { 'redis.conf': redisConf(config), 'secrets.sh': SECRETS_SCRIPT },
      podSpec: this.podSpec(config, component.name),
    });
  }

  private podSpec(config: Config, name: string): k8s.PodSpec {
    const image = thirdPartyImage(config, 'redis');
    const files = { name: 'config', mountPath: CONFIG, readOnly: true };
    const secrets = { name: 'secrets', mountPath: '/run/secrets/redis', readOnly: true };
    const run = REDIS_RUN;
    return {
      priorityClassName: priorityClass(config, 'critical'),
      terminationGracePeriodSeconds: 30,
      securityContext: podSecurity(REDIS_USER, REDIS_GROUP),
      initContainers: [
        {
          name: 'auth',
          image,
          command: ['bash', `${CONFIG}/secrets.sh`, 'start'],
          resources: resources(config, SMALL.cpu, SMALL.memory),
          volumeMounts: [files, secrets, run],
        },
      ],
      containers: [
        {
          name: 'redis',
          image,
          args: ['redis-server', `${CONFIG}/redis.conf`],
          ports: [{ name: 'redis', containerPort: PORTS.redis }],
          resources: resources(config, config.redis.cpu, config.redis.memory),
          startupProbe: exec(PONG, { periodSeconds: 2, failureThreshold: 30 }),
          readinessProbe: exec(PONG, { periodSeconds: 10 }),
          // Accepts any answer: the kubelet must not kill a server that is loading its snapshot.
          livenessProbe: exec(['sh', '-euc', `${PING} >/dev/null`], { periodSeconds: 30 }),
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            files,
            secrets,
            run,
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
        redisExporter(config, `redis://127.0.0.1:${PORTS.redis}`),
        follower({
          config,
          image: 'redis',
          command: ['bash', `${CONFIG}/secrets.sh`, 'follow'],
          heartbeat: `${run.mountPath}/followed`,
          volumeMounts: [files, secrets, run],
        }),
      ],
      volumes: [
        { name: 'config', configMap: { name } },
        secretVolume('secrets', [{ secret: REDIS_SECRET, key: 'password', path: 'password' }]),
        scratch('run', '1Mi', true),
        scratch('tmp', '16Mi'),
      ],
    };
  }
}

/** The exporter of Redis, beside it or by itself. The volume `run` has its password. */
export const redisExporter = (config: Config, address: string): k8s.Container => ({
  name: 'exporter',
  image: thirdPartyImage(config, 'redisExporter'),
  env: [
    { name: 'REDIS_ADDR', value: address },
    { name: 'REDIS_PASSWORD_FILE', value: `${REDIS_RUN.mountPath}/exporter.json` },
    // Reports readers that lag behind the event stream.
    { name: 'REDIS_EXPORTER_CHECK_SINGLE_STREAMS', value: `db0=${EVENT_STREAM}` },
    { name: 'REDIS_EXPORTER_STREAMS_EXCLUDE_CONSUMER_METRICS', value: 'true' },
  ],
  ports: [{ name: 'metrics', containerPort: PORTS.redisMetrics }],
  resources: resources(config, SMALL.cpu, SMALL.memory),
  livenessProbe: tcp('metrics', { periodSeconds: 30 }),
  readinessProbe: http('/health', 'metrics', { periodSeconds: 10 }),
  volumeMounts: [{ ...REDIS_RUN, readOnly: true }],
});
