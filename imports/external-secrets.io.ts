/** Typed construct for the External Secrets operator: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

export interface ExternalSecretSpec {
  /** How often the value is read again, such as `1h`. */
  readonly refreshInterval: string;
  readonly secretStoreRef: { readonly name: string; readonly kind: 'SecretStore' | 'ClusterSecretStore' };
  readonly target: {
    readonly name: string;
    readonly creationPolicy: 'Owner';
    readonly template: {
      readonly type: string;
      readonly mergePolicy?: string;
      readonly data?: Readonly<Record<string, string>>;
    };
  };
  readonly data: readonly {
    readonly secretKey: string;
    readonly remoteRef: { readonly key: string; readonly property: string };
  }[];
}

export interface ExternalSecretProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: ExternalSecretSpec;
}

export class ExternalSecret extends ApiObject {
  constructor(scope: Construct, id: string, props: ExternalSecretProps) {
    super(scope, id, { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', ...props });
  }
}
