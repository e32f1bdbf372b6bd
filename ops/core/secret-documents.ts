/** The required Secrets, the objects that read them, and which exist: names only. */

import { load } from 'js-yaml';
import { z } from 'zod';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { externalSecret, type SecretStore } from '../../charts/secrets/external.ts';
import { Failure } from './failure.ts';
import type { KubeObject } from './objects.ts';
import { type ExistingSecrets, secretId } from './secrets.ts';

export const FORMATS = ['external-secrets', 'sops', 'sealed'] as const;
export type TemplateFormat = (typeof FORMATS)[number];

const HEADS: Readonly<Record<TemplateFormat, readonly string[]>> = {
  'external-secrets': [
    'Each value is read from the store: put it there under the key and property named here.',
  ],
  sops: [
    'Fill in the values in a copy of this file outside of the repository, then encrypt it:',
    "  sops encrypt --encrypted-regex '^stringData$' secrets.yaml > secrets.enc.yaml",
    'and apply it with: sops decrypt secrets.enc.yaml | kubectl apply --server-side -f -',
  ],
  sealed: [
    'Fill in the values in a copy of this file outside of the repository, then seal it for its cluster:',
    '  kubeseal --format yaml < secrets.yaml > sealed.yaml',
    'and apply sealed.yaml.',
  ],
};

const MADE: Readonly<Record<string, string>> = {
  generated: 'random, 32 bytes or more in base64url',
  'private-key': 'a private key, PKCS #8 in PEM',
  certificate: 'PEM',
  provided: 'yours',
};

export function secretTemplates(
  format: TemplateFormat,
  catalog: readonly SecretEntry[],
  store: SecretStore,
): string {
  const head = HEADS[format].map((text) => `# ${text}\n`).join('');
  const documents = catalog.map((entry) =>
    format === 'external-secrets' ? toYaml(externalSecret(entry, store)) : plain(entry),
  );
  return `${head}${documents.map((text) => `---\n${text}`).join('')}`;
}

/** Written by hand, because a serializer cannot write the comments that explain each value. */
function plain({ namespace, name, type, optional, keys }: SecretEntry): string {
  const text = toYaml({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type });
  const data = keys.map(({ key, value }) =>
    value.kind === 'fixed' ? `  ${key}: ${JSON.stringify(value.text)}` : `  ${key}: "" # ${MADE[value.kind]}`,
  );
  return `${optional ? '# Optional: leave it out when it is not used.\n' : ''}${text}stringData:\n${data.join('\n')}\n`;
}

/** @throws Failure naming the line or the key, never a value. */
export function parseProvided(text: string, file: string): Readonly<Record<string, string>> {
  return /\.(ya?ml|json)$/.test(file) ? fromYaml(text, file) : fromLines(text, file);
}

function fromYaml(text: string, file: string): Readonly<Record<string, string>> {
  let document: unknown;
  try {
    document = load(text);
  } catch {
    // The parser's message quotes the line.
    throw new Failure(`--from-file ${file}: cannot be read as YAML`, 'expected a mapping of KEY: value');
  }
  const parsed = z.record(z.string(), z.string()).safeParse(document);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(
    `--from-file ${file}: ${issue?.path.join('.') || 'the document'} is not text`,
    'expected a mapping of KEY: value, numbers in quotes',
  );
}

function fromLines(text: string, file: string): Readonly<Record<string, string>> {
  const pairs = text.split(/\r?\n/).map((line, index): readonly [string, string] | undefined => {
    if (/^\s*(#|$)/.test(line)) return undefined;
    const [, key, value] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined)
      throw new Failure(`--from-file ${file}: line ${index + 1} is not KEY=value`);
    return [key, /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value];
  });
  return Object.fromEntries(pairs.filter((pair) => pair !== undefined));
}

export interface SecretRow {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** Source of the values. */
  readonly source: 'generated' | 'certificate' | 'provided';
  readonly optional: boolean;
  /** Objects that read the Secret. */
  readonly neededBy: readonly string[];
  /** @default unknown: the command asked no cluster */
  readonly state?: 'there' | 'missing' | 'incomplete';
  readonly missingKeys: readonly string[];
}

export const secretRows = (
  catalog: readonly SecretEntry[],
  wanted: readonly KubeObject[],
  existing?: ExistingSecrets,
): readonly SecretRow[] =>
  catalog.map((entry) => {
    const keys = entry.keys.map(({ key }) => key);
    const present = existing?.get(secretId(entry));
    const missingKeys = existing ? keys.filter((key) => !present?.includes(key)) : [];
    return {
      namespace: entry.namespace,
      name: entry.name,
      keys,
      source: sourceOf(entry),
      optional: entry.optional,
      neededBy: readersOf(entry, wanted),
      ...(existing ? { state: stateOf(present, missingKeys) } : {}),
      missingKeys,
    };
  });

function sourceOf({ keys, certificate }: SecretEntry): SecretRow['source'] {
  if (certificate) return 'certificate';
  return keys.some(({ value }) => value.kind === 'provided') ? 'provided' : 'generated';
}

function stateOf(
  present: readonly string[] | undefined,
  missing: readonly string[],
): NonNullable<SecretRow['state']> {
  if (!present) return 'missing';
  return missing.length > 0 ? 'incomplete' : 'there';
}

/** Kinds that people know by name, in place of their pods. */
const READERS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'Prometheus',
  'Alertmanager',
  'AlertmanagerConfig',
  'Cluster',
];

/** Objects of the Secret's namespace that refer to it. */
function readersOf({ namespace, name }: SecretEntry, wanted: readonly KubeObject[]): readonly string[] {
  return wanted
    .filter(({ kind, metadata }) => READERS.includes(kind) && metadata.namespace === namespace)
    .filter((object) => namesSecret(object, name, false))
    .map(({ metadata }) => metadata.name)
    .filter((reader, index, all) => all.indexOf(reader) === index);
}

function namesSecret(value: unknown, name: string, within: boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => namesSecret(item, name, within));
  if (typeof value !== 'object' || value === null) return within && value === name;
  return Object.entries(value).some(([key, item]) => {
    if (within && (key === 'name' || key === 'secretName')) return item === name;
    return namesSecret(item, name, /secret|password|username|credentials|authorization/i.test(key) || within);
  });
}
