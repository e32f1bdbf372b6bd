/** What accounts of the monitoring may read: a Role in every namespace; they write nothing. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { metadataOf } from '../constructs/names.ts';

const READ = ['get', 'list', 'watch'];

/** Kinds of an API group that may be read. */
export interface Readable {
  readonly apiGroup: string;
  readonly resources: readonly string[];
}

/** @param role name of the Role; namespaces that several environments share need distinct ones. */
export function allowReading(
  scope: Construct,
  account: ReturnType<typeof metadataOf>,
  namespace: string,
  readable: readonly Readable[],
  role = account.name,
): void {
  const metadata = { name: role, namespace, labels: account.labels };
  new k8s.KubeRole(scope, `${account.name}-role-${namespace}`, {
    metadata,
    rules: readable.map(({ apiGroup, resources }) => ({
      apiGroups: [apiGroup],
      resources: [...resources],
      verbs: READ,
    })),
  });
  new k8s.KubeRoleBinding(scope, `${account.name}-role-binding-${namespace}`, {
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace }],
  });
}
