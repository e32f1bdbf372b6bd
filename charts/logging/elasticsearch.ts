/** Elasticsearch: one node with TLS and passwords; configuration, keys and logs in scratch space, data on a volume. */

import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { listenAddress } from '../config/network.ts';
import type { Config } from '../config/schema.ts';
import { priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, type SecretFile, scratch } from '../constructs/pod.ts';
import { exec, tcp } from '../constructs/probes.ts';
import { listens } from '../constructs/restart-on-change.ts';
import { Store } from '../constructs/store.ts';
import { toYaml } from '../constructs/yaml.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, ELASTICSEARCH, PORTS } from '../graph/model.ts';
import { SECRETS_SCRIPT } from './filter-rules.ts';
import { ELASTIC_USER, SNAPSHOT_SECRET, USERS } from './names.ts';
import {
  certificateFiles,
  passwordFiles,
  secretsEnvironment,
  secretsMount,
  secretsVolume,
  withSecrets,
} from './pods.ts';

const HOME = '/usr/share/elasticsearch';
const SOURCE = '/etc/elasticsearch-source';
/** Elasticsearch reads certificates only from below its configuration. */
const CERTIFICATES = `${HOME}/config/tls`;
/** Elasticsearch opens it when the node has joined the cluster and closes it before the node leaves. */
const READINESS_PORT = 9399;
const HEAP = '512m';
const CPU = { request: '500m', limit: '1' };
/** docs/adr/0013 says why this is more than the contract's 1Gi. */
const MEMORY = { request: '1536Mi', limit: '2Gi' };

function settings(config: Config): string {
  const { snapshots } = config.logging;
  return toYaml({
    'cluster.name': 'assistants-logs',
    'node.name': ELASTICSEARCH,
    'discovery.type': 'single-node',
    // Memory-mapped files need a sysctl of the host; without them no node needs preparation.
    'node.store.allow_mmap': false,
    'path.data': `${HOME}/data`,
    'http.host': listenAddress(config),
    'http.port': PORTS.elasticsearch,
    // The only node has no other node to talk to.
    'transport.host': '127.0.0.1',
    'readiness.port': READINESS_PORT,
    'xpack.security.enabled': true,
    'xpack.security.http.ssl.enabled': true,
    'xpack.security.http.ssl.certificate': `${CERTIFICATES}/tls.crt`,
    'xpack.security.http.ssl.key': `${CERTIFICATES}/tls.key`,
    'xpack.security.http.ssl.certificate_authorities': [`${CERTIFICATES}/ca.crt`],
    'xpack.ml.enabled': false,
    // Elasticsearch would download a database from the internet.
    'ingest.geoip.downloader.enabled': false,
    ...(snapshots?.endpoint
      ? { 's3.client.default.endpoint': snapshots.endpoint, 's3.client.default.path_style_access': true }
      : {}),
  });
}

/** The heap of the contract. The JVM writes no garbage collection logs: they would fill the scratch space. */
const JVM_OPTIONS = [
  `-Xms${HEAP}`,
  `-Xmx${HEAP}`,
  '-Xlog:disable',
  '-Xlog:all=warning:stderr:utctime,level,tags',
  '',
].join('\n');

/** Settings of the keystore, and the secrets that fill them. */
const keystore = ({ logging: { snapshots } }: Config): Readonly<Record<string, string>> => ({
  'bootstrap.password': USERS.superuser,
  ...(snapshots
    ? { 's3.client.default.access_key': 'S3_ACCESS_KEY', 's3.client.default.secret_key': 'S3_SECRET_KEY' }
    : {}),
});

const prepare = (config: Config): string[] =>
  withSecrets(
    SOURCE,
    // Copies the image's configuration, then the platform's over it. After a node restarts, the copy runs
    // again, over files that may be read-only.
    `cp -Rf ${HOME}/config/. /work/`,
    `cp -f ${SOURCE}/elasticsearch.yml /work/elasticsearch.yml`,
    'mkdir -p /work/jvm.options.d',
    `cp -f ${SOURCE}/platform.options /work/jvm.options.d/platform.options`,
    'rm -f /work/elasticsearch.keystore',
    'export ES_PATH_CONF=/work',
    `${HOME}/bin/elasticsearch-keystore create`,
    ...Object.entries(keystore(config)).map(
      ([setting, name]) => `secret ${name} | ${HOME}/bin/elasticsearch-keystore add --stdin ${setting}`,
    ),
  );

export class Elasticsearch extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, ELASTICSEARCH);
    const files = {
      'elasticsearch.yml': settings(config),
      'platform.options': JVM_OPTIONS,
      'secrets.sh': SECRETS_SCRIPT,
    };
    new Store(this, 'store', {
      config,
      component,
      files,
      alsoRollsOn: { prepare: prepare(config).join('\n') },
      podSpec: this.podSpec(config, component),
    });
  }

  private podSpec(config: Config, component: Component): k8s.PodSpec {
    const { snapshots } = config.logging;
    const stored: readonly SecretFile[] = snapshots
      ? ['S3_ACCESS_KEY', 'S3_SECRET_KEY'].map((key) => ({ secret: SNAPSHOT_SECRET, key, path: key }))
      : [];
    const base = {
      image: thirdPartyImage(config, 'elasticsearch'),
      resources: resources(config, CPU, MEMORY),
    };
    const tmp = { name: 'tmp', mountPath: '/tmp' };
    return {
      priorityClassName: priorityClass(config, 'standard'),
      // Elasticsearch ends searches and writes its memory to disk.
      terminationGracePeriodSeconds: 120,
      securityContext: podSecurity(ELASTIC_USER),
      initContainers: [
        {
          ...base,
          name: 'prepare',
          command: prepare(config),
          env: secretsEnvironment,
          volumeMounts: [
            { name: 'source', mountPath: SOURCE, readOnly: true },
            { name: 'config', mountPath: '/work' },
            secretsMount,
            tmp,
          ],
        },
      ],
      containers: [
        {
          ...base,
          name: ELASTICSEARCH,
          ports: [
            { name: 'https', containerPort: PORTS.elasticsearch },
            { name: 'readiness', containerPort: READINESS_PORT },
          ],
          // Elasticsearch takes minutes to recover a full volume.
          startupProbe: tcp('https', { periodSeconds: 5, failureThreshold: 120 }),
          readinessProbe: exec(['bash', '-c', listens(READINESS_PORT)], { periodSeconds: 10 }),
          livenessProbe: tcp('https', { periodSeconds: 30, failureThreshold: 5 }),
          volumeMounts: [
            { name: 'data', mountPath: `${HOME}/data` },
            { name: 'config', mountPath: `${HOME}/config` },
            { ...secretsMount, mountPath: CERTIFICATES },
            { name: 'logs', mountPath: `${HOME}/logs` },
            tmp,
          ],
        },
      ],
      volumes: [
        { name: 'source', configMap: { name: component.name } },
        secretsVolume(certificateFiles(component.name), passwordFiles(USERS.superuser), stored),
        scratch('config', '16Mi', true),
        scratch('logs', '128Mi'),
        scratch('tmp', '256Mi'),
      ],
    };
  }
}
