/** What is wrong with the Secrets of a cluster. Values are looked at here and said nowhere. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { SecretEntry, SecretValue } from '../../charts/constructs/secret-entry.ts';
import { secretId } from './certificates.ts';
import { valuesIn } from './secret-rotation.ts';

/** Values of the Secrets that exist, by `namespace/name` and key. */
export type SecretValues = ReadonlyMap<string, Readonly<Record<string, string>>>;

const DAY_MS = 86_400_000;
/** A certificate that ends sooner should have been rotated. */
const SPARE_DAYS = 30;
/** HS256 refuses shorter keys, and so do the services. */
const MINIMUM_KEY_BYTES = 32;

/** One line for each thing that is missing or malformed, with the Secret and the key. */
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
