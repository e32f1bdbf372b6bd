/** Certificates for servers of tests, issued as those of the platform are. */
import { topologyOf } from '../../charts/app.ts';
import type { Config } from '../../charts/config/schema.ts';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { type IssuedCertificate, secretId } from '../../ops/core/secrets.ts';
import { issueCertificates } from '../../ops/tools/certificates.ts';

async function certificateOf(entry: SecretEntry): Promise<IssuedCertificate> {
  const issued = (await issueCertificates([entry])).get(secretId(entry));
  if (!issued) throw new Error(`${entry.name} has no certificate`);
  return issued;
}

/** For servers of these names, by a new authority. */
export const certificateFor = (...dnsNames: readonly string[]): Promise<IssuedCertificate> =>
  certificateOf({
    namespace: 'test',
    name: 'server',
    type: 'kubernetes.io/tls',
    optional: false,
    rotation: 'replace',
    keys: [],
    certificate: { authority: 'Authority of a test', dnsNames },
  });

/** The one of the platform's Elasticsearch, by a new authority. */
export function elasticsearchCertificate(config: Config): Promise<IssuedCertificate> {
  const entry = secretCatalog(config, topologyOf(config)).find(({ name }) => name === 'elasticsearch-tls');
  if (!entry) throw new Error('no Secret elasticsearch-tls: logging.enabled is false');
  return certificateOf(entry);
}

/** The Secret of a server's certificate. */
export const tlsSecret = (
  name: string,
  namespace: string,
  { certificate, key }: Pick<IssuedCertificate, 'certificate' | 'key'>,
): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'kubernetes.io/tls',
  stringData: { 'tls.crt': certificate, 'tls.key': key },
});
