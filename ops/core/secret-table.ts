/** Which Secrets there must be, who needs them and what is there: names only. */
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { secretId } from './certificates.ts';
import type { KubeObject } from './objects.ts';
import type { ExistingSecrets } from './secrets.ts';

export interface SecretRow {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** Where the values come from. */
  readonly source: 'generated' | 'certificate' | 'provided';
  readonly optional: boolean;
  /** Objects that read it. */
  readonly neededBy: readonly string[];
  /** @default unknown: no cluster was asked */
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

/** Kinds whose name says who a person means, as against their pods'. */
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

/** Objects of its namespace that name it where a Secret is named. */
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
