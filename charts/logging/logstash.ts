/** Logstash: makes Filebeat's lines typed documents without secrets, and keeps them until they are stored. */

import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { listenAddress } from '../config/network.ts';
import type { Config } from '../config/schema.ts';
import { priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, scratch } from '../constructs/pod.ts';
import { tcp } from '../constructs/probes.ts';
import { listens, rememberFiles, unchangedFiles } from '../constructs/restart-on-change.ts';
import { Store } from '../constructs/store.ts';
import { toYaml } from '../constructs/yaml.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, LOGSTASH, PORTS, type Topology } from '../graph/model.ts';
import { filterRules, NORMALIZE_SCRIPT, SECRETS_SCRIPT } from './filter-rules.ts';
import { ELASTIC_USER, elasticsearchUrl, SECRETS, STREAM, USERS } from './names.ts';
import {
  certificateFiles,
  passwordFiles,
  secretsEnvironment,
  secretsMount,
  secretsVolume,
  withSecrets,
} from './pods.ts';

const CONFIG = '/etc/logstash';
/** In memory: the pipeline with its password. */
const RUN = '/run/logstash';
const DATA = '/var/lib/logstash';
const API_PORT = 9600;
const HEAP = '512m';
const CPU = { request: '250m', limit: '1' };
const MEMORY = { request: '1Gi', limit: '1536Mi' };
/** Lines that wait for Elasticsearch, and lines it refused. The volume has room for both. */
const QUEUE = '512mb';
const DEAD_LETTERS = '256mb';
export const LOGSTASH_STORAGE = '2Gi';

/** The pipeline; the pod fills in its password at start. */
export function pipeline({ environment }: Config): string {
  return `input {
  beats {
    id => "filebeat"
    port => ${PORTS.beats}
    enrich => ["none"]
    ssl_enabled => true
    ssl_certificate => "${SECRETS}/tls.crt"
    ssl_key => "${SECRETS}/tls.key"
    ssl_certificate_authorities => ["${SECRETS}/ca.crt"]
    ssl_client_authentication => "required"
  }
}
filter {
  ruby {
    id => "normalize"
    path => "${CONFIG}/normalize.rb"
    script_params => { "rules" => "${CONFIG}/rules.json" }
    tag_on_exception => "_not_normalized"
  }
  # A line whose secrets could not be masked is not passed on.
  if "_not_normalized" in [tags] {
    drop { id => "not_normalized" }
  }
}
output {
  elasticsearch {
    id => "elasticsearch"
    hosts => ["${elasticsearchUrl}"]
    ssl_enabled => true
    ssl_certificate_authorities => ["${SECRETS}/ca.crt"]
    user => "${USERS.writer}"
    password => "@${USERS.writer}@"
    data_stream => "true"
    data_stream_type => "${STREAM.type}"
    data_stream_dataset => "${STREAM.dataset}"
    data_stream_namespace => "${environment}"
    data_stream_auto_routing => false
  }
}
`;
}

const settings = (config: Config): string =>
  toYaml({
    'node.name': LOGSTASH,
    'path.data': DATA,
    'path.logs': '/tmp',
    'api.http.host': listenAddress(config),
    'api.http.port': API_PORT,
    'log.format': 'json',
    'pipeline.ecs_compatibility': 'v8',
    'pipeline.workers': 2,
    'queue.type': 'persisted',
    'queue.max_bytes': QUEUE,
    'dead_letter_queue.enable': true,
    'dead_letter_queue.max_bytes': DEAD_LETTERS,
    'dead_letter_queue.storage_policy': 'drop_older',
    'dead_letter_queue.retain.age': `${config.logging.retentionDays}d`,
    'xpack.monitoring.enabled': false,
  });

/** Logstash's own log, as JSON on standard output. */
const LOG4J = [
  'status = error',
  'name = LogstashConsole',
  'appender.console.type = Console',
  'appender.console.name = console',
  'appender.console.layout.type = JSONLayout',
  'appender.console.layout.compact = true',
  'appender.console.layout.eventEol = true',
  `rootLogger.level = \${sys:ls.log.level}`,
  'rootLogger.appenderRef.console.ref = console',
  '',
].join('\n');

/** The Secrets Logstash started with. */
const STATE = `${RUN}/secrets.sum`;

/** Replaces the image's entry point, which writes environment variables to the root file system. */
const START = withSecrets(
  CONFIG,
  rememberFiles(SECRETS, STATE),
  `fill ${CONFIG}/main.conf > ${RUN}/main.conf`,
  `exec /usr/share/logstash/bin/logstash --path.settings ${CONFIG}`,
);

/** Content of Logstash's ConfigMap. */
export const logstashFiles = (config: Config, topology: Topology): Readonly<Record<string, string>> => ({
  'logstash.yml': settings(config),
  'pipelines.yml': toYaml([{ 'pipeline.id': 'main', 'path.config': `${RUN}/main.conf` }]),
  'log4j2.properties': LOG4J,
  'main.conf': pipeline(config),
  'normalize.rb': NORMALIZE_SCRIPT,
  'rules.json': filterRules(topology),
  'secrets.sh': SECRETS_SCRIPT,
});

export class Logstash extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, LOGSTASH);
    new Store(this, 'store', {
      config,
      component,
      files: logstashFiles(config, topology),
      podSpec: this.podSpec(config, component),
    });
  }

  private podSpec(config: Config, component: Component): k8s.PodSpec {
    const mounts = [
      { name: 'config', mountPath: CONFIG, readOnly: true },
      secretsMount,
      { name: 'run', mountPath: RUN },
    ];
    return {
      priorityClassName: priorityClass(config, 'standard'),
      // Logstash sends open batches to Elasticsearch or keeps them in the queue.
      terminationGracePeriodSeconds: 90,
      securityContext: podSecurity(ELASTIC_USER),
      containers: [
        {
          name: LOGSTASH,
          image: thirdPartyImage(config, 'logstash'),
          command: START,
          env: [...secretsEnvironment, { name: 'LS_JAVA_OPTS', value: `-Xms${HEAP} -Xmx${HEAP}` }],
          ports: [
            { name: 'beats', containerPort: PORTS.beats },
            { name: 'api', containerPort: API_PORT },
          ],
          resources: resources(config, CPU, MEMORY),
          // JRuby starts slowly on a fraction of a CPU.
          startupProbe: tcp('beats', { periodSeconds: 5, failureThreshold: 120 }),
          readinessProbe: tcp('beats', { periodSeconds: 10 }),
          livenessProbe: unchangedFiles('bash', SECRETS, STATE, listens(API_PORT)),
          volumeMounts: [...mounts, { name: 'data', mountPath: DATA }, { name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: component.name } },
        secretsVolume(certificateFiles(component.name), passwordFiles(USERS.writer)),
        scratch('run', '1Mi', true),
        scratch('tmp', '256Mi'),
      ],
    };
  }
}
