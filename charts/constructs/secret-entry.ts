/** How a Secret is described: what it holds, where each value comes from and how it is replaced. */
import type { Config } from '../config/schema.ts';

/**
 * `generated`: random. `private-key`: the PEM of a new key pair for the algorithm. `fixed`: known and not
 * secret. `provided`: a person enters it, such as a provider's key. `certificate`: a part of the entry's
 * certificate, as PEM.
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
 * How a value is rotated. `overlap`: readers accept the previous value until all have the new one. `kept`:
 * readers accept previous values for ever, because what those signed must stay valid. `replace`: at once.
 * `never`: the value cannot be rotated, with the reason.
 */
export type Rotation = 'overlap' | 'kept' | 'replace' | { readonly never: string };

export interface SecretEntry {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  /** The platform runs without it. */
  readonly optional: boolean;
  readonly rotation: Rotation;
  /**
   * The certificate that the `certificate` values belong to. Entries of one authority trust each other, so they are
   * generated together. @default none
   */
  readonly certificate?: { readonly authority: string; readonly dnsNames: readonly string[] };
  readonly keys: readonly { readonly key: string; readonly value: SecretValue }[];
}
