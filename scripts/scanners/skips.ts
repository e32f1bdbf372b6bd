/** Skipped checks, their objects and the reasons: docs/security.md shows them (`npm run docs`). */
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { markdownTable } from '../markdown.ts';

export const SCANNERS = ['checkov', 'kube-score'] as const;
export type Scanner = (typeof SCANNERS)[number];

export interface Skip {
  /** What the check requires. */
  readonly wanted: string;
  /** The check's id in each scanner that contains it. */
  readonly checks: Readonly<Partial<Record<Scanner, string>>>;
  /** `Kind/name`; a `*` at the end stands for any text. */
  readonly objects: readonly string[];
  /** @default all */
  readonly environments?: readonly string[];
  readonly reason: string;
}

export const SKIPS: readonly Skip[] = [
  {
    wanted: 'images by digest',
    checks: { checkov: 'CKV_K8S_43' },
    objects: ['*'],
    reason:
      'Tags name one exact version, which people can read. Ours can be pinned by digest (`images.digests`, which `./platform push` writes); of the others, a mirror (`images.mirror`) may hold what you have approved.',
  },
  {
    wanted: 'images pulled at every start',
    checks: { checkov: 'CKV_K8S_15', 'kube-score': 'container-image-pull-policy' },
    objects: ['*'],
    reason:
      '`IfNotPresent`: kind is given the images and has no registry to pull from, and a pod must be able to start while a registry is down. A tag names one version.',
  },
  {
    wanted: 'users above 10000',
    checks: { checkov: 'CKV_K8S_40', 'kube-score': 'container-security-context-user-group-id' },
    objects: ['Deployment/*', 'StatefulSet/*', 'CronJob/*'],
    reason:
      'The services run as 1001 (contract); official images expect the users that own their files: PostgreSQL and Redis 999, Grafana 472, Elastic 1000. None may gain a privilege, and none writes to the host.',
  },
  {
    wanted: 'users above 10000',
    checks: { checkov: 'CKV_K8S_40', 'kube-score': 'container-security-context-user-group-id' },
    objects: ['DaemonSet/filebeat', 'Job/logging-setup-*'],
    environments: ['staging', 'production'],
    reason:
      'Filebeat is root, see below; the job of the logging runs in the image of Elasticsearch, as 1000.',
  },
  {
    wanted: 'no root',
    checks: { checkov: 'CKV_K8S_23' },
    objects: ['DaemonSet/filebeat'],
    environments: ['staging', 'production'],
    reason:
      'Log files belong to root and only their owner may read them. It has no capability, a read-only root and a namespace of its own.',
  },
  {
    wanted: 'no service account token',
    checks: { checkov: 'CKV_K8S_38' },
    objects: ['Deployment/traefik', 'Deployment/kube-state-metrics'],
    reason: 'They ask the API server: Traefik for routes, kube-state-metrics for the objects it counts.',
  },
  {
    wanted: 'network policies that match a pod',
    checks: { 'kube-score': 'networkpolicy-targets-pod' },
    objects: ['NetworkPolicy/migrate-*', 'NetworkPolicy/prometheus', 'NetworkPolicy/alertmanager'],
    reason:
      'Their pods are not in the manifests: a release makes the Jobs that migrate, the operator makes the others.',
  },
  {
    wanted: 'network policies that match a pod',
    checks: { 'kube-score': 'networkpolicy-targets-pod' },
    objects: ['NetworkPolicy/acme-solver'],
    environments: ['staging', 'production'],
    reason: 'cert-manager makes the pod that answers a challenge, for as long as it takes.',
  },
  {
    wanted: 'Services that match a pod',
    checks: { 'kube-score': 'service-targets-pod' },
    objects: ['Service/prometheus', 'Service/alertmanager'],
    reason: 'The operator makes their pods.',
  },
  {
    wanted: 'two replicas',
    checks: { 'kube-score': 'deployment-replicas' },
    objects: ['Deployment/*'],
    environments: ['dev'],
    reason: 'A laptop has one node, and room for one of each.',
  },
  {
    wanted: 'two replicas',
    checks: { 'kube-score': 'deployment-replicas' },
    objects: [
      'Deployment/onec-integration',
      'Deployment/user-management',
      'Deployment/analytics',
      'Deployment/security',
      'Deployment/traefik',
    ],
    environments: ['staging'],
    reason: 'The contract: two of the gateway and of ai-assistant, one of the others.',
  },
  {
    wanted: 'two replicas',
    checks: { 'kube-score': 'deployment-replicas' },
    objects: ['Deployment/grafana', 'Deployment/kibana'],
    environments: ['staging', 'production'],
    reason:
      'People look at them and no component needs them: they may be away while a node is. Grafana keeps sessions in its pod.',
  },
  {
    wanted: 'a rolling update',
    checks: { 'kube-score': 'deployment-strategy' },
    objects: ['Deployment/kibana'],
    environments: ['staging', 'production'],
    reason: 'Two versions at once would both change the saved objects.',
  },
  {
    wanted: 'no NodePort',
    checks: { 'kube-score': 'service-type' },
    objects: ['Service/traefik'],
    environments: ['dev'],
    reason: 'kind maps ports of the machine to ports of its node.',
  },
];

const code = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');

/** The table in docs/security.md. */
export const skipsTable = (): string =>
  markdownTable(
    ['wanted', 'check', 'skipped for', 'in', 'why'],
    SKIPS.map(({ wanted, checks, objects, environments = ENVIRONMENTS, reason }) => [
      wanted,
      Object.entries(checks)
        .map(([scanner, check]) => `${scanner} \`${check}\``)
        .join(', '),
      objects.includes('*') ? 'all' : code(objects),
      environments === ENVIRONMENTS ? 'all' : environments.join(', '),
      reason,
    ]),
  );
