/** Typed constructs for the Gateway API: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

const GROUP = 'gateway.networking.k8s.io';

/** A Gateway, or one listener of it. */
export interface ParentReference {
  readonly name: string;
  readonly namespace: string;
  /** @default every listener that admits the route */
  readonly sectionName?: string;
}

export interface HttpRouteRule {
  readonly matches?: readonly {
    readonly path: { readonly type: 'Exact' | 'PathPrefix'; readonly value: string };
  }[];
  readonly filters?: readonly {
    readonly type: 'RequestRedirect';
    readonly requestRedirect: {
      readonly scheme: 'https';
      readonly port?: number;
      readonly statusCode: 301;
    };
  }[];
  readonly backendRefs?: readonly { readonly name: string; readonly port: number }[];
}

export interface HttpRouteProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: {
    readonly parentRefs: readonly ParentReference[];
    /** @default every host */
    readonly hostnames?: readonly string[];
    readonly rules: readonly HttpRouteRule[];
  };
}

export class HttpRoute extends ApiObject {
  constructor(scope: Construct, id: string, props: HttpRouteProps) {
    super(scope, id, { apiVersion: `${GROUP}/v1`, kind: 'HTTPRoute', ...props });
  }
}

export interface ReferenceGrantProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: {
    readonly from: readonly {
      readonly group: typeof GROUP;
      readonly kind: 'Gateway';
      readonly namespace: string;
    }[];
    readonly to: readonly { readonly group: ''; readonly kind: 'Secret'; readonly name: string }[];
  };
}

/** Lets objects of another namespace refer to some of this one. */
export class ReferenceGrant extends ApiObject {
  constructor(scope: Construct, id: string, props: ReferenceGrantProps) {
    super(scope, id, { apiVersion: `${GROUP}/v1beta1`, kind: 'ReferenceGrant', ...props });
  }
}
