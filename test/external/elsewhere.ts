/** What somebody else runs: PostgreSQL and Redis that refuse connections without encryption, and a server that is none of our business. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { thirdPartyImage } from '../../charts/config/images.ts';
import { apply, CONTEXT, config, kubectl, kubectlJson, NAMESPACE, ROOT } from '../e2e/support.ts';
import { certificateFor, tlsSecret } from '../support/certificates.ts';

export const CLUSTER = 'ai-assistants-external';
export const CLUSTER_CONFIG = `${ROOT}/test/external/kind.yaml`;
export const ELSEWHERE = 'elsewhere';
const REDIS_PASSWORD = 'password of the owner of Redis';
const OWNER_PASSWORD = 'password of the owner of PostgreSQL';
const IMAGES = {
  postgres: thirdPartyImage(config, 'postgres'),
  redis: thirdPartyImage(config, 'redis'),
};

const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 26 });

export function makeCluster(): void {
  removeCluster();
  run('kind', 'create', 'cluster', '--config', CLUSTER_CONFIG, '--wait', '600s');
  for (const image of Object.values(IMAGES)) run('kind', 'load', 'docker-image', image, '--name', CLUSTER);
}

export const removeCluster = (): string => run('kind', 'delete', 'cluster', '--name', CLUSTER);

interface Server {
  readonly image: string;
  readonly args: readonly string[];
  readonly user: number;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}

const TLS = '/run/tls';
/** Of the node, and mapped to this machine by kind.yaml. */
const OWNERS_PORT = 30432;

/** A pod that restarts by itself and keeps its address, and a Service whose name is that address. */
const server = (name: string, { image, args, user, port, env = {} }: Server): readonly object[] => [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: ELSEWHERE, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsUser: user, runAsGroup: user, fsGroup: user },
      containers: [
        {
          name,
          image,
          imagePullPolicy: 'IfNotPresent',
          args,
          env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })),
          readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'tls', mountPath: TLS, readOnly: true },
            { name: 'data', mountPath: '/var/lib/postgresql/data' },
            { name: 'data', mountPath: '/data' },
          ],
        },
      ],
      volumes: [
        { name: 'tls', secret: { secretName: 'stores', defaultMode: 0o440 } },
        { name: 'data', emptyDir: {} },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: ELSEWHERE },
    spec: { clusterIP: 'None', selector: { app: name }, ports: [{ port }] },
  },
];

/** Starts the servers, and gives our namespace what their owner gives: the authority, and the password of Redis. */
export async function startStores(): Promise<void> {
  kubectl('create', 'namespace', ELSEWHERE);
  kubectl('create', 'namespace', NAMESPACE);
  const names = ['postgres', 'redis'].map((name) => `${name}.${ELSEWHERE}.svc.cluster.local`);
  const issued = await certificateFor(...names);
  apply(tlsSecret('stores', ELSEWHERE, issued));
  const redis = ['redis-server', '--save', '', '--dir', '/data'];
  apply(
    ...server('postgres', {
      image: IMAGES.postgres,
      user: 999,
      port: 5432,
      args: [
        ...[
          'postgres',
          '-c',
          'ssl=on',
          '-c',
          `ssl_cert_file=${TLS}/tls.crt`,
          '-c',
          `ssl_key_file=${TLS}/tls.key`,
        ],
        ...['-c', 'max_connections=300'],
      ],
      env: { POSTGRES_PASSWORD: OWNER_PASSWORD, PGDATA: '/var/lib/postgresql/data/pgdata' },
    }),
    ...server('redis', {
      image: IMAGES.redis,
      user: 999,
      port: 6379,
      args: [
        ...redis,
        ...['--port', '0', '--tls-port', '6379', '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', `${TLS}/tls.crt`, '--tls-key-file', `${TLS}/tls.key`],
        ...['--tls-ca-cert-file', `${TLS}/tls.crt`, '--requirepass', REDIS_PASSWORD],
      ],
    }),
    ...server('other', {
      image: IMAGES.redis,
      user: 999,
      port: 6379,
      args: [...redis, '--protected-mode', 'no'],
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'postgres-owner', namespace: ELSEWHERE },
      spec: {
        type: 'NodePort',
        selector: { app: 'postgres' },
        ports: [{ port: 5432, nodePort: OWNERS_PORT }],
      },
    },
  );
  kubectl('wait', '-n', ELSEWHERE, 'pod', '--all', '--for=condition=Ready', '--timeout=180s');
  kubectl(
    'create',
    'configmap',
    'stores-authority',
    '-n',
    NAMESPACE,
    `--from-literal=ca.crt=${issued.authority}`,
  );
  kubectl(
    'create',
    'secret',
    'generic',
    'redis',
    '-n',
    NAMESPACE,
    `--from-literal=password=${REDIS_PASSWORD}`,
  );
}

export const addressOf = (name: string): string =>
  kubectl('get', 'pod', name, '-n', ELSEWHERE, '-o', 'jsonpath={.status.podIP}');

/** What the owner of PostgreSQL does with our SQL: psql on this machine, the passwords by kubectl. */
export function runAsOwner(sql: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'owner-'));
  // The SQL asks the cluster that kubectl would ask; another may be the current one here.
  const found = run('which', 'kubectl').trim();
  writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\nexec ${found} --context '${CONTEXT}' "$@"\n`);
  chmodSync(join(folder, 'kubectl'), 0o755);
  const { status, stdout, stderr } = spawnSync('psql', ['--no-psqlrc', '--quiet', '--file=-'], {
    input: sql,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: [folder, process.env.PATH].join(delimiter),
      PGHOST: '127.0.0.1',
      PGPORT: String(OWNERS_PORT),
      PGUSER: 'postgres',
      PGPASSWORD: OWNER_PASSWORD,
      PGDATABASE: 'postgres',
      PGSSLMODE: 'require',
    },
  });
  if (status !== 0) throw new Error(`psql: ${stdout}${stderr}`);
}

/** Rows of a query, as the owner sees them. */
export const ownersRows = (sql: string): readonly string[] =>
  kubectl(
    ...['exec', '-n', ELSEWHERE, 'postgres', '--', 'env', `PGPASSWORD=${OWNER_PASSWORD}`],
    ...[
      'psql',
      '--host=127.0.0.1',
      '--username=postgres',
      '--no-psqlrc',
      '--tuples-only',
      '--no-align',
      '-c',
      sql,
    ],
  )
    .trim()
    .split('\n')
    .filter(Boolean);

/** A command of Redis, as its owner. */
export const ownersRedis = (...words: readonly string[]): string =>
  kubectl(
    ...['exec', '-n', ELSEWHERE, 'redis', '--', 'env', `REDISCLI_AUTH=${REDIS_PASSWORD}`],
    ...['redis-cli', '--tls', '--insecure', ...words],
  ).trim();

const named = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
export const namesOf = (kind: string): readonly string[] =>
  named.parse(kubectlJson('get', kind, '-n', NAMESPACE)).items.map(({ metadata }) => metadata.name);
