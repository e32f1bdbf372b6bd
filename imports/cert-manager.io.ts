/** Typed constructs for cert-manager: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ParentReference } from './gateway.networking.k8s.io.ts';

export type Http01Solver =
  | { readonly ingress: { readonly ingressClassName: string; readonly serviceType: 'ClusterIP' } }
  | {
      readonly gatewayHTTPRoute: {
        readonly parentRefs: readonly ParentReference[];
        readonly serviceType: 'ClusterIP';
      };
    };

export interface AcmeIssuerProps {
  readonly metadata: ApiObjectMetadata;
  readonly server: string;
  readonly email: string;
  /** Secret that keeps the account's key; cert-manager makes it. */
  readonly accountKeySecret: string;
  /** How HTTP-01 challenges come in: by an Ingress of that class, or by routes of a Gateway's listener. */
  readonly http01: Http01Solver;
}

/** A namespaced issuer that gets certificates by ACME (RFC 8555) with HTTP-01 challenges. */
export class AcmeIssuer extends ApiObject {
  constructor(scope: Construct, id: string, props: AcmeIssuerProps) {
    super(scope, id, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: props.metadata,
      spec: {
        acme: {
          server: props.server,
          email: props.email,
          privateKeySecretRef: { name: props.accountKeySecret },
          solvers: [{ http01: props.http01 }],
        },
      },
    });
  }
}

export interface CertificateProps {
  readonly metadata: ApiObjectMetadata;
  readonly secretName: string;
  readonly dnsNames: readonly string[];
  /** Name of its issuer. */
  readonly issuer: string;
  /** An `Issuer` is in the same namespace. @default Issuer */
  readonly issuerKind?: 'Issuer' | 'ClusterIssuer';
}

/** A certificate kept fresh in a Secret, with a new ECDSA key at each renewal. */
export class Certificate extends ApiObject {
  constructor(scope: Construct, id: string, props: CertificateProps) {
    super(scope, id, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: props.metadata,
      spec: {
        secretName: props.secretName,
        dnsNames: props.dnsNames,
        issuerRef: { name: props.issuer, kind: props.issuerKind ?? 'Issuer' },
        // PKCS #8 is the one encoding every server reads.
        privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
      },
    });
  }
}
