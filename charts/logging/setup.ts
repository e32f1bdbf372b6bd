/**
 * A Job that configures Elasticsearch and Kibana. A Job is immutable, so its name contains a hash of its pod template,
 * which contains a checksum of its files: every change creates a new Job.
 */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { addBase } from '../constructs/base.ts';
import { checksum } from '../constructs/checksum.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { containerSecurity, environment, podSecurity, resources, scratch } from '../constructs/pod.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, ELASTICSEARCH, LOGGING_SETUP } from '../graph/model.ts';
import { setupFiles } from './documents.ts';
import { SECRETS_SCRIPT, SETUP_SCRIPT } from './filter-rules.ts';
import { certificateSecret, ELASTIC_USER, elasticsearchUrl, kibanaUrl, SECRETS, USERS } from './names.ts';
import { passwordFiles, secretsMount, secretsVolume } from './pods.ts';

const SETUP = '/etc/logging-setup';
const CPU = { request: '50m', limit: '250m' };
const MEMORY = { request: '32Mi', limit: '128Mi' };
/** Seconds the Job waits for Elasticsearch, and again for Kibana. */
const WAIT_SECONDS = 900;
const DEADLINE_SECONDS = 3600;

export class Setup extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, LOGGING_SETUP);
    const files = { ...setupFiles(config), 'secrets.sh': SECRETS_SCRIPT, 'setup.sh': SETUP_SCRIPT };
    const annotations = addBase(this, config, component, files);
    const spec = {
      backoffLimit: 10,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      template: podTemplate({ config, component, annotations, spec: this.podSpec(config, component) }),
    };
    const hash = checksum({ ...files, spec: JSON.stringify(spec) }).slice(0, 8);
    const metadata = { ...metadataOf(config, component), name: `${LOGGING_SETUP}-${hash}` };
    new k8s.KubeJob(this, 'job', { metadata, spec });
  }

  private podSpec(config: Config, component: Component): k8s.PodSpec {
    return {
      restartPolicy: 'OnFailure',
      // Pods have these three anyway. Without them the hash, and so the Job, would be another.
      serviceAccountName: component.name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      priorityClassName: priorityClass(config, 'batch'),
      securityContext: podSecurity(ELASTIC_USER),
      containers: [
        {
          name: 'setup',
          // This image has bash and curl.
          image: thirdPartyImage(config, 'elasticsearch'),
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', `${SETUP}/setup.sh`],
          env: environment({
            SETUP_DIR: SETUP,
            SECRETS_DIR: SECRETS,
            WORK_DIR: '/run/setup',
            CA_FILE: `${SECRETS}/ca.crt`,
            ELASTICSEARCH_URL: elasticsearchUrl,
            KIBANA_URL: kibanaUrl,
            WAIT_SECONDS: String(WAIT_SECONDS),
          }),
          resources: resources(config, CPU, MEMORY),
          securityContext: containerSecurity,
          volumeMounts: [
            { name: 'setup', mountPath: SETUP, readOnly: true },
            secretsMount,
            { name: 'run', mountPath: '/run/setup' },
          ],
        },
      ],
      volumes: [
        { name: 'setup', configMap: { name: component.name } },
        secretsVolume(
          [{ secret: certificateSecret(ELASTICSEARCH), key: 'ca.crt', path: 'ca.crt' }],
          passwordFiles(...Object.values(USERS)),
        ),
        scratch('run', '4Mi', true),
      ],
    };
  }
}
