/** Exporters of stores that others run, under the stores' names: dashboards and alerts find the same metrics there. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { addressOf, type External } from '../config/external.ts';
import type { Config } from '../config/schema.ts';
import { addBase } from '../constructs/base.ts';
import { follower } from '../constructs/follower.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import {
  APP_USER,
  environment,
  podSecurity,
  scratch,
  secretVolume,
  spread,
  withoutGap,
} from '../constructs/pod.ts';
import { rememberFiles, unchangedFiles } from '../constructs/restart-on-change.ts';
import { REDIS_SECRET } from '../constructs/secret-names.ts';
import { podTemplate } from '../constructs/template.ts';
import type { Component } from '../graph/model.ts';
import { exporterOf, exporterSecret, postgresCa, redisCa } from './database.ts';
import { type PostgresProps, postgresExporter } from './postgres.ts';
import { EXPORTER_QUERIES } from './postgres-config.ts';
import { REDIS_PASSWORD_FILE, REDIS_RUN, type RedisProps, redisExporter } from './redis.ts';

const STATE = '/tmp/secrets';
const PASSWORD = { key: 'password', path: 'password' };
const secretsAt = (mountPath: string): k8s.VolumeMount => ({ name: 'secrets', mountPath, readOnly: true });

export function addPostgresExporter(scope: Construct, props: PostgresProps, server: External): void {
  const { config, component, spec } = props;
  const secrets = secretsAt('/run/secrets/exporter');
  const ca = postgresCa(config, spec.name);
  const trust = ca.map(({ path }) => `&sslrootcert=${secrets.mountPath}/${path}`).join();
  const env = environment({
    DATA_SOURCE_URI: `${addressOf(server)}/postgres?sslmode=${server.sslMode}${trust}`,
    DATA_SOURCE_USER: exporterOf(config, spec),
    DATA_SOURCE_PASS_FILE: `${secrets.mountPath}/password`,
  });
  const exporter: k8s.Container = {
    ...postgresExporter(config, env, [secrets, { name: 'tmp', mountPath: dirname(STATE) }]),
    // It reads its password only at start.
    command: ['sh', '-euc', `${rememberFiles(secrets.mountPath, STATE)}\nexec postgres_exporter`],
    livenessProbe: unchangedFiles('sh', secrets.mountPath, STATE, ':'),
  };
  addExporter(scope, config, component, {
    files: { 'queries.yaml': EXPORTER_QUERIES },
    containers: [exporter],
    volumes: [
      secretVolume(secrets.name, [{ secret: exporterSecret(spec.name), ...PASSWORD }, ...ca]),
      scratch('tmp', '16Mi'),
    ],
  });
}

const REDIS_SCRIPT = readFileSync(new URL('./scripts/redis-exporter.sh', import.meta.url), 'utf8');

export function addRedisExporter(
  scope: Construct,
  { config, component }: RedisProps,
  server: External,
): void {
  const uri = `redis${server.sslMode === 'disable' ? '' : 's'}://${addressOf(server)}`;
  const secrets = secretsAt(dirname(REDIS_PASSWORD_FILE));
  const ca = redisCa(config);
  const command = (mode: string): string[] => ['bash', '/scripts/redis-exporter.sh', mode];
  const helper = follower({
    config,
    image: 'redis',
    command: command('follow'),
    heartbeat: `${REDIS_RUN.mountPath}/followed`,
    env: environment({ REDIS_ADDR: uri }),
    volumeMounts: [{ name: 'config', mountPath: '/scripts', readOnly: true }, secrets, REDIS_RUN],
  });
  const { readinessProbe: _readiness, livenessProbe: _liveness, ...once } = helper;
  const exporter = redisExporter(config, uri);
  const trust = ca.map(({ path }) => ({ REDIS_EXPORTER_TLS_CA_CERT_FILE: `${secrets.mountPath}/${path}` }));
  addExporter(scope, config, component, {
    files: { 'redis-exporter.sh': REDIS_SCRIPT },
    initContainers: [{ ...once, name: 'auth', command: command('start') }],
    containers: [
      {
        ...exporter,
        env: [...(exporter.env ?? []), ...trust.flatMap(environment)],
        volumeMounts: [...(exporter.volumeMounts ?? []), secrets],
      },
      helper,
    ],
    volumes: [
      secretVolume(secrets.name, [{ secret: REDIS_SECRET, ...PASSWORD }, ...ca]),
      scratch(REDIS_RUN.name, '1Mi', true),
    ],
  });
}

interface Parts extends Pick<k8s.PodSpec, 'containers' | 'initContainers' | 'volumes'> {
  /** Content of the ConfigMap of that name, which is the volume `config`. */
  readonly files: Readonly<Record<string, string>>;
}

function addExporter(scope: Construct, config: Config, component: Component, { files, ...pod }: Parts): void {
  const annotations = addBase(scope, config, component, files);
  const selector = { ...component.selector };
  const spec: k8s.PodSpec = {
    priorityClassName: priorityClass(config, 'standard'),
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(APP_USER),
    ...spread(selector),
    ...pod,
    volumes: [...(pod.volumes ?? []), { name: 'config', configMap: { name: component.name } }],
  };
  new k8s.KubeDeployment(scope, component.name, {
    metadata: metadataOf(config, component),
    spec: {
      replicas: 1,
      revisionHistoryLimit: 5,
      selector: { matchLabels: selector },
      strategy: withoutGap,
      template: podTemplate({ config, component, annotations, spec }),
    },
  });
}
