/** Which Secrets, and which keys of them, have to be made. What exists is kept. */
import type { SecretEntry, SecretValue } from '../../charts/constructs/secret-entry.ts';
import { type IssuedCertificates, secretId } from './certificates.ts';
import { Failure } from './failure.ts';
import type { SecretValues } from './secret-check.ts';

/** Keys of the Secrets that exist, by `namespace/name`. */
export type ExistingSecrets = ReadonlyMap<string, readonly string[]>;

export interface SecretSources {
  readonly random: (bytes: number) => string;
  /** A new private key for the algorithm, as PEM. */
  readonly privateKey: (algorithm: string) => string;
  /** A value a person provides under the key's name. */
  readonly provided: (key: string) => string | undefined;
  /** Those of `certificatesToIssue`; they replace what exists. */
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

/** Names of the Secrets of which somebody provides another value than they have; neither is ever said. */
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

/** The Secret as an object to create; it carries no inventory label, so it is never pruned. */
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
  /** Of this key alone: an apply by it leaves all other keys as they are. */
  readonly manager: string;
  readonly manifest: object;
}

/** One apply for each key to put into a Secret that exists, however it was made. */
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
