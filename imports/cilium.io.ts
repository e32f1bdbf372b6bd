/** Typed construct for Cilium: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

export interface CiliumNetworkPolicyProps {
  readonly metadata: ApiObjectMetadata;
  readonly endpointSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly egress: readonly {
    /** Identities such as `kube-apiserver`. */
    readonly toEntities: readonly string[];
    readonly toPorts: readonly {
      readonly ports: readonly { readonly port: string; readonly protocol: string }[];
    }[];
  }[];
}

export class CiliumNetworkPolicy extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, ...spec }: CiliumNetworkPolicyProps) {
    super(scope, id, { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata, spec });
  }
}
