/** Accounts of the monitoring: each has a Role in every namespace it reads, and writes nothing. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

const READ = ['get', 'list', 'watch'];

/** Kinds of an API group that may be read. */
export interface Readable {
  readonly apiGroup: string;
  readonly resources: readonly string[];
}

export interface AccountProps {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** Its pods call the Kubernetes API. @default false */
  readonly token?: boolean;
}

export function addAccount(scope: Construct, { name, namespace, labels, token = false }: AccountProps): void {
  new k8s.KubeServiceAccount(scope, `${name}-account`, {
    metadata: { name, namespace, labels },
    automountServiceAccountToken: token,
  });
}

/** @param role name of the Role; namespaces that several environments share need distinct ones. */
export function allowReading(
  scope: Construct,
  account: AccountProps,
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
