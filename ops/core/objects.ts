/** Kubernetes objects as kubectl prints them: fields the code reads are checked, all others are allowed. */
import { z } from 'zod';

/** All resources the platform may render, with any configuration: pruning looks at these. */
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
/** Never pruned, because data outlives a configuration change. Deleting a Cluster deletes its volumes. */
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

/** kubectl indents, so a closing brace in the first column ends a document. */
const splitJson = (text: string): readonly unknown[] =>
  text
    .split(/(?<=^\})$/m)
    .filter((part) => part.trim() !== '')
    .map((part): unknown => JSON.parse(part));

/** Group, kind, namespace and name, which identify an object in every API version. */
export function identity({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return [group, kind, metadata.namespace ?? '', metadata.name].join('/');
}

/** `Deployment assistants/redis`, for people. */
export const title = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
