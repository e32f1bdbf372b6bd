/** Filebeat: reads the log files of the platform's pods on its node and ships them to Logstash. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { addBase } from '../constructs/base.ts';
import { metadataOf, namespaceOf, priorityClass, zonesOf } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { containerSecurity, podSecurity, resources, scratch } from '../constructs/pod.ts';
import { http, tcp } from '../constructs/probes.ts';
import { listens, rememberFiles, unchangedFiles } from '../constructs/restart-on-change.ts';
import { podTemplate } from '../constructs/template.ts';
import { toYaml } from '../constructs/yaml.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, FILEBEAT, LOGSTASH, PORTS } from '../graph/model.ts';
import { ELASTIC_USER, SECRETS } from './names.ts';
import { certificateFiles, secretsMount, secretsVolume } from './pods.ts';

const CONFIG = '/etc/filebeat';
const DATA = '/var/lib/filebeat';
/** Where the kubelet keeps log files: NAMESPACE_POD_UID/CONTAINER/RESTARTS.log and RESTARTS.log.TIME. */
const LOGS = '/var/log/pods';
/** Port of Filebeat's own statistics; only the kubelet asks it. */
const HTTP_PORT = 5066;
/** In memory: the Secrets Filebeat started with. */
const RUN = '/run/filebeat';
const STATE = `${RUN}/secrets.sum`;
const CPU = { request: '50m', limit: '250m' };
const MEMORY = { request: '100Mi', limit: '256Mi' };

/**
 * All log files of the platform's namespaces. Their names contain namespace, pod and container, so Filebeat does not
 * need the Kubernetes API.
 */
const input = (namespaces: readonly string[]): Readonly<Record<string, unknown>> => ({
  type: 'filestream',
  id: 'pods',
  // The kubelet renames a full file to `0.log.TIME` and compresses it when the next one is full; until then Filebeat
  // can read it to its end.
  paths: namespaces.map((namespace) => `${LOGS}/${namespace}_*/*/*.log*`),
  'prospector.scanner.exclude_files': ['\\.gz$', '\\.tmp$'],
  // Filebeat identifies files by inode, which survives a rename. With fingerprints it ignores files below 64
  // bytes, and the only line of a container that fails at start may be shorter.
  'file_identity.native': null,
  'prospector.scanner.fingerprint': { enabled: false },
  // The kubelet deletes the files of a pod seconds after its last line. Filebeat reads them to their end, as long as
  // it has them open; a file that was silent is opened again within a second.
  'close.on_state_change.removed': false,
  'close.on_state_change.inactive': '15m',
  'prospector.scanner.check_interval': '1s',
  backoff: { init: '1s', max: '1s' },
  // Filebeat forgets a deleted file at once: the next file may get its inode. The file system gives no inode again
  // while Filebeat has its file open.
  clean_removed: true,
  parsers: [
    { container: { stream: 'all', format: 'auto' } },
    // Stack traces and statements continue on lines that begin with white space.
    { multiline: { type: 'pattern', pattern: '^[ \\t]', negate: false, match: 'after', max_lines: 200 } },
  ],
});

/** `filebeat.yml`. */
export function filebeatConfig(config: Config): string {
  return toYaml({
    'filebeat.inputs': [input(zonesOf(config).map((zone) => namespaceOf(config, zone)))],
    processors: [
      { add_fields: { target: 'kubernetes', fields: { node: { name: `\${NODE_NAME}` } } } },
      // Filebeat adds these to each line; the platform does not use them.
      { drop_fields: { fields: ['agent', 'ecs', 'host', 'input'], ignore_missing: true } },
    ],
    'output.logstash': {
      hosts: [`${LOGSTASH}.${namespaceOf(config, 'logging')}.svc:${PORTS.beats}`],
      'ssl.certificate_authorities': [`${SECRETS}/ca.crt`],
      'ssl.certificate': `${SECRETS}/tls.crt`,
      'ssl.key': `${SECRETS}/tls.key`,
    },
    'queue.mem': { events: 2048, 'flush.min_events': 512, 'flush.timeout': '1s' },
    'path.data': DATA,
    'http.enabled': true,
    // Without a scheme, Filebeat takes only an IPv4 address.
    'http.host': config.ipFamilies.includes('IPv6') ? `http://[::]:${HTTP_PORT}` : '0.0.0.0',
    'http.port': HTTP_PORT,
    'logging.to_stderr': true,
    'logging.metrics.enabled': false,
  });
}

const START = [
  'bash',
  '-euo',
  'pipefail',
  '-c',
  `${rememberFiles(SECRETS, STATE)}\nexec /usr/local/bin/docker-entrypoint -e -c ${CONFIG}/filebeat.yml`,
];

export class Filebeat extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, FILEBEAT);
    const annotations = addBase(this, config, component, {
      'filebeat.yml': filebeatConfig(config),
    });
    new k8s.KubeDaemonSet(this, 'daemon-set', {
      metadata: metadataOf(config, component),
      spec: {
        selector: { matchLabels: { ...component.selector } },
        updateStrategy: { type: 'RollingUpdate' },
        template: podTemplate({ config, component, annotations, spec: this.podSpec(config, component) }),
      },
    });
  }

  private podSpec(config: Config, component: Component): k8s.PodSpec {
    return {
      priorityClassName: priorityClass(config, 'standard'),
      terminationGracePeriodSeconds: 30,
      // Root, without a single capability: log files belong to root, and only root may read them.
      securityContext: { ...podSecurity(ELASTIC_USER), runAsNonRoot: false, runAsUser: 0 },
      // Every node has logs, whatever its taints.
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: FILEBEAT,
          image: thirdPartyImage(config, 'filebeat'),
          command: START,
          env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
          ports: [{ name: 'http', containerPort: HTTP_PORT }],
          resources: resources(config, CPU, MEMORY),
          securityContext: { ...containerSecurity, runAsNonRoot: false },
          startupProbe: tcp('http', { periodSeconds: 2, failureThreshold: 60 }),
          // Filebeat answers while its pipeline runs.
          readinessProbe: http('/', 'http', { periodSeconds: 10 }),
          livenessProbe: unchangedFiles('bash', SECRETS, STATE, listens(HTTP_PORT)),
          volumeMounts: [
            { name: 'config', mountPath: CONFIG, readOnly: true },
            secretsMount,
            { name: 'run', mountPath: RUN },
            { name: 'logs', mountPath: LOGS, readOnly: true },
            { name: 'data', mountPath: DATA },
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: component.name } },
        secretsVolume(certificateFiles(component.name)),
        scratch('run', '1Mi', true),
        { name: 'logs', hostPath: { path: LOGS, type: 'Directory' } },
        // The read offsets of all files; a new pod resumes there.
        {
          name: 'data',
          hostPath: { path: `/var/lib/assistants-filebeat${config.nameSuffix}`, type: 'DirectoryOrCreate' },
        },
      ],
    };
  }
}
