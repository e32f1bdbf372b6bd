/** Prometheus, as a resource of its operator. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Prometheus, type RemoteWrite } from '../../imports/monitoring.coreos.com.ts';
import { bytesOf } from '../config/quantity.ts';
import type { Config } from '../config/schema.ts';
import { addAccount } from '../constructs/base.ts';
import { clusterScoped } from '../constructs/cluster-scoped.ts';
import { metadataOf, namespaceOf, PART_OF } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import { ALERTMANAGER, type Component, PROMETHEUS, ZONES } from '../graph/model.ts';
import { MANAGED_NAME } from '../graph/monitoring.ts';
import { allowReading } from './access.ts';
import { addService, managedPod } from './managed.ts';
import { REMOTE_WRITE_SECRET } from './secrets.ts';

/** Share of the volume for samples; the write-ahead log and compaction need the rest. */
const USABLE = 0.8;
/** Most samples of one target; the platform's largest has some 2,000. */
const SAMPLE_LIMIT = 20_000;
/** Where the operator keeps the list of kubelets. */
export const KUBELET_NAMESPACE = 'kube-system';

const PODS = { apiGroup: '', resources: ['pods'] };
const SERVICES = [
  { apiGroup: '', resources: ['pods', 'services'] },
  { apiGroup: 'discovery.k8s.io', resources: ['endpointslices'] },
];

/** The operator's 15 minutes, for a long write-ahead log; asked every 2 s in place of 15. */
const STARTUP = { periodSeconds: 2, failureThreshold: 450 } as const;

export function addPrometheus(scope: Construct, { config, topology }: PlatformChartProps): void {
  const component = componentOf(topology, PROMETHEUS);
  const { monitoring } = config;
  const { labels, namespace } = metadataOf(config, component);
  addAccount(scope, config, component, true);
  addAccess(scope, config, component, topology.components);
  // Prometheus takes the platform's objects of these kinds in its own namespace.
  const selector = { matchLabels: { 'app.kubernetes.io/part-of': PART_OF } };
  const remoteWrite = remoteWriteOf(config);
  new Prometheus(scope, 'prometheus', {
    metadata: { name: MANAGED_NAME, labels },
    spec: {
      ...managedPod({
        config,
        component,
        image: 'prometheus',
        cpu: monitoring.cpu,
        memory: monitoring.memory,
        storage: monitoring.storage,
        startupProbe: STARTUP,
        token: true,
      }),
      retention: `${monitoring.retentionHours}h`,
      retentionSize: `${Math.floor((bytesOf(monitoring.storage) * USABLE) / 2 ** 20)}MiB`,
      scrapeInterval: `${monitoring.scrapeSeconds}s`,
      evaluationInterval: `${monitoring.scrapeSeconds}s`,
      externalLabels: { environment: config.environment },
      prometheusExternalLabelName: '',
      replicaExternalLabelName: '',
      serviceDiscoveryRole: 'EndpointSlice',
      podMonitorSelector: selector,
      serviceMonitorSelector: selector,
      ruleSelector: selector,
      enforcedSampleLimit: SAMPLE_LIMIT,
      alerting: { alertmanagers: [{ namespace, name: ALERTMANAGER, port: 'web' }] },
      ...(remoteWrite ? { remoteWrite: [remoteWrite] } : {}),
    },
  });
  addService(scope, config, component);
}

function remoteWriteOf({ monitoring, proxy }: Config): RemoteWrite | undefined {
  const { url: address, authentication } = monitoring.remoteWrite;
  if (address === '') return undefined;
  const proxyUrl = address.startsWith('https:') ? proxy.httpsProxy : proxy.httpProxy;
  const url = { url: address, ...(proxyUrl ? { proxyUrl } : {}) };
  const secret = (key: string) => ({ name: REMOTE_WRITE_SECRET, key });
  if (authentication === 'basic')
    return {
      ...url,
      basicAuth: {
        username: secret('REMOTE_WRITE_USERNAME'),
        password: secret('REMOTE_WRITE_PASSWORD'),
      },
    };
  if (authentication === 'bearer')
    return { ...url, authorization: { credentials: secret('REMOTE_WRITE_TOKEN') } };
  return url;
}

/** Lets Prometheus find pods with metrics and Alertmanager, and read only metrics of the kubelets. */
function addAccess(
  scope: Construct,
  config: Config,
  component: Component,
  components: readonly Component[],
): void {
  const account = metadataOf(config, component);
  const zones = new Set(components.filter(({ metricsPort }) => metricsPort).map(({ zone }) => zone));
  for (const zone of ZONES.filter((one) => zones.has(one)))
    allowReading(scope, account, namespaceOf(config, zone), zone === 'monitoring' ? SERVICES : [PODS]);
  if (!config.monitoring.kubelet.enabled) return;
  const clusterName = `assistants-${PROMETHEUS}${config.nameSuffix}`;
  allowReading(scope, account, KUBELET_NAMESPACE, SERVICES, clusterName);
  clusterScoped(
    new k8s.KubeClusterRole(scope, 'prometheus-cluster-role', {
      metadata: { name: clusterName, labels: account.labels },
      rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }],
    }),
  );
  clusterScoped(
    new k8s.KubeClusterRoleBinding(scope, 'prometheus-cluster-role-binding', {
      metadata: { name: clusterName, labels: account.labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterName },
      subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace }],
    }),
  );
}
