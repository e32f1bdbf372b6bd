/** How a Secret is described: what it holds, where each value comes from and how it is replaced. */
import type { Config } from '../config/schema.ts';

/**
 * `generated`: random; `private-key`: a new key pair's PEM for the algorithm; `fixed`: known, not secret; `provided`: a
 * person's, such as a provider's key; `certificate`: a part of the entry's certificate, as PEM.
 */
export type SecretValue =
  | { readonly kind: 'generated'; readonly bytes: number }
  | { readonly kind: 'private-key'; readonly algorithm: Config['settings']['jwtAlgorithm'] }
  | { readonly kind: 'fixed'; readonly text: string }
  | { readonly kind: 'provided' }
  | { readonly kind: 'certificate'; readonly part: CertificatePart };
/** The key is PKCS #8. */
export type CertificatePart = 'authority' | 'certificate' | 'key';

/**
 * How a value is replaced. `overlap`: the one before is accepted until everybody has the new one. `kept`: it is accepted
 * for good, as what it signed must stay good. `replace`: at once. An object says why there is no way.
 */
export type Rotation = 'overlap' | 'kept' | 'replace' | { readonly never: string };

export interface SecretEntry {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** The platform runs without it. */
  readonly optional: boolean;
  readonly rotation: Rotation;
  /** What its parts of a certificate are of. All entries of one authority trust each other, so they are made together. @default none */
  readonly certificate?: { readonly authority: string; readonly dnsNames: readonly string[] };
  readonly keys: readonly { readonly key: string; readonly value: SecretValue }[];
}
