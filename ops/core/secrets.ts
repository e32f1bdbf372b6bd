/** Which Secrets, and which of their keys, the command must create. It keeps what exists. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SecretEntry, SecretValue } from '../../charts/constructs/secret-entry.ts';
import { Failure } from './failure.ts';
import { valuesIn } from './secret-rotation.ts';

/** Values of existing Secrets, by `namespace/name` and key. */
export type SecretValues = ReadonlyMap<string, Readonly<Record<string, string>>>;

const DAY_MS = 86_400_000;
/** Days before its end by which a certificate should have been rotated. */
const SPARE_DAYS = 30;
/** HS256 and the services refuse shorter keys. */
const MINIMUM_KEY_BYTES = 32;

/** One line for each missing or malformed value, with the Secret and the key. */
export function secretProblems(
  catalog: readonly SecretEntry[],
  values: SecretValues,
  now: Date,
): readonly string[] {
  return catalog.flatMap((entry) => {
    const id = secretId(entry);
    const found = values.get(id);
    if (!found)
      return entry.optional ? [] : [`${id} is missing (${entry.keys.map(({ key }) => key).join(', ')})`];
    return entry.keys.flatMap(({ key, value }) => {
      const problem = keyProblem(entry, found[key], value, key, now);
      return problem ? [`${id}: ${key} ${problem}`] : [];
    });
  });
}

function keyProblem(
  entry: SecretEntry,
  text: string | undefined,
  value: SecretValue,
  key: string,
  now: Date,
): string | undefined {
  if (text === undefined) return entry.optional ? undefined : 'is missing';
  if (text.trim() === '') return 'is empty';
  if (value.kind === 'fixed') return text === value.text ? undefined : `is not ${value.text}`;
  if (value.kind === 'private-key') return privateKeyProblem(text, value.algorithm);
  if (value.kind === 'certificate') return certificateProblem(text, value.part, entry, now);
  if (value.kind === 'provided') return /[\r\n]/.test(text.trim()) ? 'has more than one line' : undefined;
  return generatedProblem(entry, text, key);
}

function generatedProblem({ rotation }: SecretEntry, text: string, key: string): string | undefined {
  const values = valuesIn(text);
  const several = rotation === 'overlap' || rotation === 'kept';
  if (!several && values.length > 1) return 'has more than one line';
  if (!/(_|^)KEY$/.test(key)) return undefined;
  const short = values.find((value) => Buffer.byteLength(value) < MINIMUM_KEY_BYTES);
  return short === undefined ? undefined : `is shorter than ${MINIMUM_KEY_BYTES} bytes`;
}

function privateKeyProblem(text: string, algorithm: string): string | undefined {
  const wanted = algorithm === 'ES256' ? 'ec' : 'rsa';
  try {
    const kinds = valuesIn(text).map((pem) => createPrivateKey(pem).asymmetricKeyType);
    return kinds.every((kind) => kind === wanted) ? undefined : `is no key for ${algorithm}`;
  } catch {
    return 'is no private key in PEM format';
  }
}

function certificateProblem(
  text: string,
  part: string,
  { certificate }: SecretEntry,
  now: Date,
): string | undefined {
  try {
    if (part === 'key') {
      createPrivateKey(text);
      return undefined;
    }
    const parsed = new X509Certificate(text);
    const days = Math.floor((Date.parse(parsed.validTo) - now.getTime()) / DAY_MS);
    if (days < SPARE_DAYS) return days < 0 ? `ended ${parsed.validTo}` : `ends in ${days} days`;
    const missing = part === 'certificate' && certificate?.dnsNames.find((name) => !parsed.checkHost(name));
    return missing ? `is not for ${missing}` : undefined;
  } catch {
    return `is no ${part === 'key' ? 'private key' : 'certificate'} in PEM format`;
  }
}

/** A certificate as PEM: the authority's, its own, and its private key. */
export interface IssuedCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Issued certificates, by `namespace/name` of their Secret. */
export type IssuedCertificates = ReadonlyMap<string, IssuedCertificate>;

export const secretId = ({ namespace, name }: Pick<SecretEntry, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

/** All Secrets of each authority of which one Secret lacks a key. */
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

/** Keys of existing Secrets, by `namespace/name`. */
export type ExistingSecrets = ReadonlyMap<string, readonly string[]>;

export interface SecretSources {
  readonly random: (bytes: number) => string;
  /** A new private key for the algorithm, as PEM. */
  readonly privateKey: (algorithm: string) => string;
  /** A value a person provides under the key's name. */
  readonly provided: (key: string) => string | undefined;
  /** Certificates for `certificatesToIssue`; they replace existing ones. */
  readonly certificates: IssuedCertificates;
}

export interface SecretPlan {
  /** Secrets that do not exist. */
  readonly create: readonly NewSecret[];
  /** Secrets that exist without some of their keys. */
  readonly extend: readonly NewSecret[];
}

export interface NewSecret {
  readonly entry: SecretEntry;
  readonly data: Readonly<Record<string, string>>;
}

export function planSecrets(
  catalog: readonly SecretEntry[],
  existing: ExistingSecrets,
  sources: SecretSources,
): SecretPlan {
  const missing = catalog
    .map((entry) => ({
      entry,
      data: missingKeys(entry, existing.get(secretId(entry)), sources),
    }))
    .filter(({ data }) => Object.keys(data).length > 0);
  const exists = ({ entry }: NewSecret): boolean => existing.has(secretId(entry));
  return { create: missing.filter((secret) => !exists(secret)), extend: missing.filter(exists) };
}

function missingKeys(
  entry: SecretEntry,
  present: readonly string[] = [],
  sources: SecretSources,
): Readonly<Record<string, string>> {
  const renewed = sources.certificates.has(secretId(entry));
  const values = entry.keys
    .filter(({ key, value }) => !present.includes(key) || (renewed && value.kind === 'certificate'))
    .map(({ key, value }) => [key, valueFor(key, value, entry, sources)] as const)
    .filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  return Object.fromEntries(values);
}

function valueFor(
  key: string,
  value: SecretValue,
  entry: SecretEntry,
  sources: SecretSources,
): string | undefined {
  if (value.kind === 'generated') return sources.random(value.bytes);
  if (value.kind === 'private-key') return sources.privateKey(value.algorithm);
  if (value.kind === 'fixed') return value.text;
  if (value.kind === 'certificate') {
    const issued = sources.certificates.get(secretId(entry));
    if (!issued) throw new Failure(`secret ${entry.name}: its certificate was not issued`);
    return issued[value.part];
  }
  const text = sources.provided(key);
  if (!text && !entry.optional)
    throw new Failure(`secret ${entry.name}: ${key} has no value`, `set the environment variable ${key}`);
  return text || undefined;
}

/** Names of Secrets whose value differs from the one a person provides. No value is printed. */
export const differingSecrets = (
  catalog: readonly SecretEntry[],
  values: SecretValues,
  provided: (key: string) => string | undefined,
): readonly string[] =>
  catalog
    .filter((entry) =>
      entry.keys.some(({ key, value }) => {
        const [here, there] = [provided(key)?.trim(), values.get(secretId(entry))?.[key]?.trim()];
        return value.kind === 'provided' && here && there !== undefined && here !== there;
      }),
    )
    .map(({ name }) => name);

/** The Secret to create; it has no inventory label, so it is never pruned. */
export const secretManifest = ({ entry, data }: NewSecret): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: entry.name,
    namespace: entry.namespace,
    labels: { 'app.kubernetes.io/part-of': 'ai-assistants', 'app.kubernetes.io/managed-by': 'platform' },
  },
  type: entry.type,
  stringData: data,
});

export interface SecretKey {
  /** Field manager of this key alone: its apply leaves all other keys unchanged. */
  readonly manager: string;
  readonly manifest: object;
}

/** One apply for each key to add to an existing Secret, no matter what created the Secret. */
export const secretKeys = ({ entry: { name, namespace }, data }: NewSecret): readonly SecretKey[] =>
  Object.entries(data).map(([key, value]) => ({
    manager: `platform-${key}`,
    manifest: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      data: { [key]: Buffer.from(value).toString('base64') },
    },
  }));

/** Lines of `namespace/name key key …`. */
export function parseExisting(text: string): ExistingSecrets {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return new Map(
    lines.map((line) => {
      const [id = '', ...keys] = line.trim().split(/\s+/);
      return [id, keys] as const;
    }),
  );
}
