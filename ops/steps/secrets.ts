/** Creates the Secrets of a cluster. Values go only from memory to the API server. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import {
  certificatesToIssue,
  differingSecrets,
  type ExistingSecrets,
  type NewSecret,
  parseExisting,
  planSecrets,
  type SecretPlan,
  type SecretValues,
  secretId,
  secretKeys,
  secretManifest,
} from '../core/secrets.ts';
import { issueCertificates } from '../tools/certificates.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import type { LivePlatform } from './target.ts';

/** kubectl prints only names and keys, no values. */
const NAMES_AND_KEYS =
  '{{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{range $key, $value := .data}} {{$key}}{{end}}{{"\\n"}}{{end}}';

/** RS256 requires 2,048 bits at least (RFC 7518, 3.3); ES256 is the curve P-256 (3.4). */
function privateKey(algorithm: string): string {
  const { privateKey: key } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 3072 });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Finds the value a person provides for a key. */
export type Provided = (key: string) => string | undefined;
export const fromEnvironment: Provided = (key) => process.env[key];

export const generators = {
  privateKey,
  random: (bytes: number): string => randomBytes(bytes).toString('base64url'),
};

/** Values of the catalog's existing Secrets. They stay in memory. */
export async function secretValues(kubectl: Kubectl, catalog: readonly SecretEntry[]): Promise<SecretValues> {
  const namespaces = [...new Set(catalog.map(({ namespace }) => namespace))];
  const found = await Promise.all(
    namespaces.map((namespace) => kubectl.objects(secret, ['get', 'secrets', `--namespace=${namespace}`])),
  );
  const known = new Set(catalog.map(secretId));
  return new Map(
    found
      .flat()
      .filter(({ metadata }) => known.has(secretId(metadata)))
      .map(({ metadata, data }) => [secretId(metadata), decoded(data)]),
  );
}

const secret = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()).default({}),
});

const decoded = (data: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );

export async function existingSecrets(kubectl: Kubectl): Promise<ExistingSecrets> {
  const args = ['get', 'secrets', '--all-namespaces', `--output=go-template=${NAMES_AND_KEYS}`];
  return parseExisting(await kubectl.output(args));
}

/** The Secrets to create or complete, with their values. */
export async function secretPlan(
  { config, topology, kubectl }: LivePlatform,
  provided: Provided = fromEnvironment,
): Promise<SecretPlan> {
  const catalog = secretCatalog(config, topology);
  const existing = await existingSecrets(kubectl);
  const certificates = await issueCertificates(certificatesToIssue(catalog, existing));
  return planSecrets(catalog, existing, { ...generators, provided, certificates });
}

/** Writes keys into existing Secrets, without changing other keys. */
export async function writeKeys(kubectl: Kubectl, secrets: readonly NewSecret[]): Promise<void> {
  for (const { manager, manifest } of secrets.flatMap(secretKeys)) await kubectl.apply([manifest], manager);
}

/** Returns the number of created or completed Secrets. */
export async function makeSecrets(kubectl: Kubectl, { create, extend }: SecretPlan): Promise<number> {
  await kubectl.create(create.map(secretManifest));
  await writeKeys(kubectl, extend);
  return create.length + extend.length;
}

/** Creates missing Secrets, and names those whose value differs from this shell's environment. */
export async function ensureSecrets(
  target: LivePlatform,
): Promise<{ made: number; differing: readonly string[] }> {
  const made = await makeSecrets(target.kubectl, await secretPlan(target));
  const catalog = secretCatalog(target.config, target.topology);
  const values = await secretValues(target.kubectl, catalog);
  return { made, differing: differingSecrets(catalog, values, fromEnvironment) };
}
