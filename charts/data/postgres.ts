/** One PostgreSQL: server and metrics exporter, their configuration, roles and probes. */
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { follower } from '../constructs/follower.ts';
import { priorityClass } from '../constructs/names.ts';
import { podSecurity, resources, SMALL, scratch, secretVolume } from '../constructs/pod.ts';
import { exec, http, tcp } from '../constructs/probes.ts';
import { Store } from '../constructs/store.ts';
import { type Component, PORTS, type ServiceSpec } from '../graph/model.ts';
import {
  appSecret,
  type Database,
  databaseOf,
  POSTGRES_SECRETS as SECRETS,
  superuserSecret,
} from './database.ts';
import {
  EXPORTER_QUERIES,
  initScript,
  PG_HBA,
  PG_IDENT,
  postgresConf,
  SECRETS_SCRIPT,
} from './postgres-config.ts';

/** uid and gid of the official image's postgres user. */
export const POSTGRES_USER_ID = 999;
const DATA = '/var/lib/postgresql/data';
const PGDATA = `${DATA}/pgdata`;
const CONFIG = '/etc/postgresql';
const FILES: k8s.VolumeMount = { name: 'config', mountPath: CONFIG, readOnly: true };
const SECRETS_MOUNT: k8s.VolumeMount = { name: 'secrets', mountPath: SECRETS, readOnly: true };
const SOCKET: k8s.VolumeMount = { name: 'run', mountPath: '/var/run/postgresql' };

export interface PostgresProps {
  readonly config: Config;
  readonly component: Component;
  readonly spec: ServiceSpec;
}

/** The contract: `pg_isready` every 10 s, timeout 5 s, 5 retries, 30 s to start. */
function probes(
  database: Database,
): Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  // Over TCP: the server that runs the first-start script listens on its socket only.
  const ready = ['pg_isready', '--host=127.0.0.1', '--username=postgres', `--dbname=${database.name}`];
  const often = { periodSeconds: 10, failureThreshold: 5 };
  return {
    // The first start initializes the volume: the kubelet waits up to 120 s, four times the contract's 30 s.
    startupProbe: exec(ready, { periodSeconds: 2, failureThreshold: 60 }),
    readinessProbe: exec(ready, often),
    // Status 1 is "up, but rejecting": the kubelet must not kill a server in crash recovery.
    livenessProbe: exec(
      ['sh', '-c', 'pg_isready --quiet --host=127.0.0.1 --username=postgres; [ $? -lt 2 ]'],
      often,
    ),
  };
}

/** One PostgreSQL of a service. */
export class Postgres extends Construct {
  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const { config, component } = props;
    const database = databaseOf(config, props.spec);
    new Store(this, 'store', {
      config,
      component,
      files: {
        'postgresql.conf': postgresConf(config, props.spec.name),
        'pg_hba.conf': PG_HBA,
        'pg_ident.conf': PG_IDENT,
        'initialize.sh': initScript(database),
        'secrets.sh': SECRETS_SCRIPT,
        'queries.yaml': EXPORTER_QUERIES,
      },
      // Migrations wait for it, and try until it listens.
      reachedBeforeReady: true,
      podSpec: this.podSpec(props, database),
    });
  }

  private podSpec({ config, component, spec }: PostgresProps, database: Database): k8s.PodSpec {
    return {
      priorityClassName: priorityClass(config, 'critical'),
      // A fast shutdown writes a checkpoint, which takes time.
      terminationGracePeriodSeconds: 60,
      securityContext: podSecurity(POSTGRES_USER_ID),
      initContainers: [this.initialize(config)],
      containers: [
        this.server(config, database),
        postgresExporter(
          config,
          [
            {
              name: 'DATA_SOURCE_NAME',
              value: `host=${SOCKET.mountPath} user=exporter dbname=postgres sslmode=disable`,
            },
          ],
          [SOCKET],
        ),
        follower({
          config,
          image: 'postgres',
          command: ['bash', `${CONFIG}/secrets.sh`],
          heartbeat: `${SOCKET.mountPath}/followed`,
          env: [{ name: 'APP_USER', value: database.user }],
          volumeMounts: [FILES, SECRETS_MOUNT, SOCKET],
        }),
      ],
      volumes: [
        { name: 'config', configMap: { name: component.name, defaultMode: 0o555 } },
        secretVolume('secrets', [
          { secret: superuserSecret(spec.name), key: 'password', path: 'superuser-password' },
          { secret: appSecret(spec.name), key: 'password', path: 'app-password' },
        ]),
        scratch('run', '16Mi'),
        scratch('tmp', '128Mi'),
        scratch('shm', '64Mi', true),
      ],
    };
  }

  /** Initializes a new volume completely or not at all; the image's entry point accepts a half-made one. */
  private initialize(config: Config): k8s.Container {
    return {
      name: 'initialize',
      image: thirdPartyImage(config, 'postgres'),
      command: ['bash', `${CONFIG}/initialize.sh`],
      env: [
        { name: 'PGDATA', value: PGDATA },
        { name: 'SECRETS_DIR', value: SECRETS },
      ],
      resources: resources(config, config.databases.cpu, config.databases.memory),
      volumeMounts: [
        { name: 'data', mountPath: DATA },
        FILES,
        SECRETS_MOUNT,
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'shm', mountPath: '/dev/shm' },
      ],
    };
  }

  private server(config: Config, database: Database): k8s.Container {
    return {
      name: 'postgresql',
      image: thirdPartyImage(config, 'postgres'),
      args: ['postgres', '-c', `config_file=${CONFIG}/postgresql.conf`],
      env: [{ name: 'PGDATA', value: PGDATA }],
      ports: [{ name: 'postgresql', containerPort: PORTS.postgres }],
      resources: resources(config, config.databases.cpu, config.databases.memory),
      ...probes(database),
      volumeMounts: [
        { name: 'data', mountPath: DATA },
        FILES,
        SECRETS_MOUNT,
        SOCKET,
        { name: 'tmp', mountPath: '/tmp' },
        { name: 'shm', mountPath: '/dev/shm' },
      ],
    };
  }
}

/** The exporter of a PostgreSQL, beside it or by itself. The volume `config` has its extra queries. */
export const postgresExporter = (
  config: Config,
  env: k8s.EnvVar[],
  volumeMounts: k8s.VolumeMount[],
): k8s.Container => ({
  name: 'exporter',
  image: thirdPartyImage(config, 'postgresExporter'),
  env: [...env, { name: 'PG_EXPORTER_EXTEND_QUERY_PATH', value: `${CONFIG}/queries.yaml` }],
  ports: [{ name: 'metrics', containerPort: PORTS.postgresMetrics }],
  resources: resources(config, SMALL.cpu, SMALL.memory),
  livenessProbe: tcp('metrics', { periodSeconds: 30 }),
  readinessProbe: http('/', 'metrics', { periodSeconds: 10 }),
  volumeMounts: [...volumeMounts, FILES],
});
