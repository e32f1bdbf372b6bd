/** Which certificates have to be made: all of an authority together, since its key is kept nowhere. */
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import type { ExistingSecrets } from './secrets.ts';

/** A certificate as PEM: of its authority, of its own, and its private key. */
export interface IssuedCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Issued certificates, by `namespace/name` of their Secret. */
export type IssuedCertificates = ReadonlyMap<string, IssuedCertificate>;

export const secretId = ({ namespace, name }: Pick<SecretEntry, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

/** The Secrets of every authority of which one lacks a key. */
export function certificatesToIssue(
  catalog: readonly SecretEntry[],
  existing: ExistingSecrets,
): readonly SecretEntry[] {
  const incomplete = catalog.filter(({ keys, ...entry }) => {
    const present = existing.get(secretId(entry)) ?? [];
    return keys.some(({ key }) => !present.includes(key));
  });
  const authorities = new Set(incomplete.map(({ certificate }) => certificate?.authority));
  return catalog.filter(({ certificate }) => certificate && authorities.has(certificate.authority));
}
