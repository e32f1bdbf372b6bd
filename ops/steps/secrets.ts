/** Makes the Secrets of a local cluster. Values go from memory to the API server and nowhere else. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { certificatesToIssue } from '../core/certificates.ts';
import {
  type ExistingSecrets,
  parseExisting,
  planSecrets,
  secretKeys,
  secretManifest,
} from '../core/secrets.ts';
import { issueCertificates } from '../tools/certificates.ts';
import type { Kubectl } from '../tools/kubectl.ts';
import type { Target } from './target.ts';

/** Names and keys only: the values stay where they are. */
const NAMES_AND_KEYS =
  '{{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{range $key, $value := .data}} {{$key}}{{end}}{{"\\n"}}{{end}}';

/** RS256 wants 2,048 bits at least (RFC 7518, 3.3); ES256 is the curve P-256 (3.4). */
function privateKey(algorithm: string): string {
  const { privateKey: key } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 3072 });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const sources = {
  privateKey,
  random: (bytes: number): string => randomBytes(bytes).toString('base64url'),
  provided: (key: string): string | undefined => process.env[key],
};

export async function existingSecrets(kubectl: Kubectl): Promise<ExistingSecrets> {
  const args = ['get', 'secrets', '--all-namespaces', `--output=go-template=${NAMES_AND_KEYS}`];
  return parseExisting(await kubectl.output(args));
}

/** Returns how many Secrets were made or completed. */
export async function ensureSecrets({ config, topology, kubectl }: Target): Promise<number> {
  const catalog = secretCatalog(config, topology);
  const existing = await existingSecrets(kubectl);
  const certificates = await issueCertificates(certificatesToIssue(catalog, existing));
  const { create, extend } = planSecrets(catalog, existing, { ...sources, certificates });
  await kubectl.create(create.map(secretManifest));
  for (const { manager, manifest } of extend.flatMap(secretKeys)) await kubectl.apply([manifest], manager);
  return create.length + extend.length;
}
