/** Kibana: searches lines. People reach it by `kubectl port-forward` only. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { listenAddress } from '../config/network.ts';
import type { Config } from '../config/schema.ts';
import { addBase, servicePorts } from '../constructs/base.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, scratch, spread } from '../constructs/pod.ts';
import { tcp } from '../constructs/probes.ts';
import { listens, rememberFiles, unchangedFiles } from '../constructs/restart-on-change.ts';
import { podTemplate } from '../constructs/template.ts';
import { toYaml } from '../constructs/yaml.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, KIBANA, PORTS } from '../graph/model.ts';
import { SECRETS_SCRIPT } from './filter-rules.ts';
import { ELASTIC_USER, elasticsearchUrl, KIBANA_KEYS, KIBANA_SECRET, SECRETS, USERS } from './names.ts';
import {
  certificateFiles,
  passwordFiles,
  secretsEnvironment,
  secretsMount,
  secretsVolume,
  withSecrets,
} from './pods.ts';

const CONFIG = '/etc/kibana';
/** In memory: the settings with their passwords. */
const RUN = '/run/kibana';
const DATA = '/usr/share/kibana/data';
const CPU = { request: '250m', limit: '500m' };
/** docs/adr/0013 says why this is more than the contract's 512Mi. */
const MEMORY = { request: '1Gi', limit: '1536Mi' };
const HEAP_MEGABYTES = 1024;

const settings = (config: Config): string =>
  toYaml({
    'server.name': KIBANA,
    'server.host': listenAddress(config),
    'server.port': PORTS.kibana,
    'server.ssl.enabled': true,
    'server.ssl.certificate': `${SECRETS}/tls.crt`,
    'server.ssl.key': `${SECRETS}/tls.key`,
    'path.data': DATA,
    'elasticsearch.hosts': [elasticsearchUrl],
    'elasticsearch.ssl.certificateAuthorities': [`${SECRETS}/ca.crt`],
    'elasticsearch.username': USERS.kibana,
    'elasticsearch.password': `@${USERS.kibana}@`,
    ...Object.fromEntries(Object.entries(KIBANA_KEYS).map(([setting, key]) => [setting, `@${key}@`])),
    // Probes send no password.
    'status.allowAnonymous': true,
    'telemetry.optIn': false,
    'newsfeed.enabled': false,
    'logging.appenders.json': { type: 'console', layout: { type: 'json' } },
    'logging.root.appenders': ['json'],
  });

/** The Secrets Kibana started with. */
const STATE = `${RUN}/secrets.sum`;

const START = withSecrets(
  CONFIG,
  rememberFiles(SECRETS, STATE),
  `fill ${CONFIG}/kibana.yml > ${RUN}/kibana.yml`,
  'exec /usr/local/bin/kibana-docker',
);

export class Kibana extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, KIBANA);
    const annotations = addBase(this, config, component, {
      'kibana.yml': settings(config),
      'secrets.sh': SECRETS_SCRIPT,
    });
    const metadata = metadataOf(config, component);
    const selector = { ...component.selector };
    new k8s.KubeDeployment(this, 'deployment', {
      metadata,
      spec: {
        replicas: 1,
        revisionHistoryLimit: 5,
        selector: { matchLabels: selector },
        // Two versions at once would both change the saved objects.
        strategy: { type: 'Recreate' },
        template: podTemplate({ config, component, annotations, spec: this.podSpec(config, component) }),
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: { type: 'ClusterIP', selector, ports: servicePorts(component) },
    });
  }

  private podSpec(config: Config, component: Component): k8s.PodSpec {
    const run = { name: 'run', mountPath: RUN };
    const keys = Object.values(KIBANA_KEYS).map((key) => ({ secret: KIBANA_SECRET, key, path: key }));
    return {
      priorityClassName: priorityClass(config, 'standard'),
      terminationGracePeriodSeconds: 60,
      securityContext: podSecurity(ELASTIC_USER),
      ...spread({ ...component.selector }),
      containers: [
        {
          name: KIBANA,
          image: thirdPartyImage(config, 'kibana'),
          command: START,
          env: [
            ...secretsEnvironment,
            { name: 'KBN_PATH_CONF', value: RUN },
            { name: 'NODE_OPTIONS', value: `--max-old-space-size=${HEAP_MEGABYTES}` },
          ],
          ports: [{ name: 'https', containerPort: PORTS.kibana }],
          resources: resources(config, CPU, MEMORY),
          // At its first start Kibana creates its indices in Elasticsearch.
          startupProbe: tcp('https', { periodSeconds: 5, failureThreshold: 120 }),
          // Kibana answers 503 while Elasticsearch is away.
          readinessProbe: {
            httpGet: { path: '/api/status', port: k8s.IntOrString.fromString('https'), scheme: 'HTTPS' },
            periodSeconds: 10,
            timeoutSeconds: 10,
          },
          livenessProbe: unchangedFiles('bash', SECRETS, STATE, listens(PORTS.kibana)),
          volumeMounts: [
            { name: 'config', mountPath: CONFIG, readOnly: true },
            run,
            secretsMount,
            { name: 'data', mountPath: DATA },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: KIBANA } },
        secretsVolume(certificateFiles(KIBANA), passwordFiles(USERS.kibana), keys),
        scratch('run', '1Mi', true),
        scratch('data', '256Mi'),
        scratch('tmp', '256Mi'),
      ],
    };
  }
}
