/** Kubernetes objects as kubectl prints them: checked where we look, open everywhere else. */
import { z } from 'zod';

/** The resources the platform renders, in any environment and with any override: where pruning looks. */
export const INVENTORY_RESOURCES: readonly string[] = [
  'namespaces',
  'priorityclasses.scheduling.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'ingressclasses.networking.k8s.io',
  'limitranges',
  'resourcequotas',
  'serviceaccounts',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'configmaps',
  'services',
  'persistentvolumeclaims',
  'networkpolicies.networking.k8s.io',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'horizontalpodautoscalers.autoscaling',
  'poddisruptionbudgets.policy',
  'ingresses.networking.k8s.io',
  'httproutes.gateway.networking.k8s.io',
  'referencegrants.gateway.networking.k8s.io',
  'ciliumnetworkpolicies.cilium.io',
  'issuers.cert-manager.io',
  'certificates.cert-manager.io',
  'externalsecrets.external-secrets.io',
  'clusters.postgresql.cnpg.io',
  'scheduledbackups.postgresql.cnpg.io',
  'objectstores.barmancloud.cnpg.io',
  'servicemonitors.monitoring.coreos.com',
  'podmonitors.monitoring.coreos.com',
  'prometheusrules.monitoring.coreos.com',
  'prometheuses.monitoring.coreos.com',
  'alertmanagers.monitoring.coreos.com',
  'alertmanagerconfigs.monitoring.coreos.com',
];
/** Data outlives a change of configuration: never pruned. The volumes of a Cluster go with it. */
export const KEPT_KINDS: readonly string[] = ['PersistentVolumeClaim', 'Cluster'];

export const kubeObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    creationTimestamp: z.string().nullish(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    managedFields: z.array(z.unknown()).optional(),
    ownerReferences: z.array(z.unknown()).optional(),
  }),
});
export type KubeObject = z.output<typeof kubeObject>;

const list = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

/** Objects from `kubectl -o json`: nothing, one object, a List, or several of these after each other. */
export function parseObjects<T>(item: z.ZodType<T>, text: string): readonly T[] {
  return splitJson(text).flatMap((document) => {
    const several = list.safeParse(document);
    return several.success ? z.array(item).parse(several.data.items) : [item.parse(document)];
  });
}

/** kubectl indents: a document ends at a closing brace in the first column. */
const splitJson = (text: string): readonly unknown[] =>
  text
    .split(/(?<=^\})$/m)
    .filter((part) => part.trim() !== '')
    .map((part): unknown => JSON.parse(part));

/** Group, kind, namespace and name: what makes an object the same one in another API version. */
export function identity({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return [group, kind, metadata.namespace ?? '', metadata.name].join('/');
}

/** `Deployment assistants/redis`, for people. */
export const title = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
