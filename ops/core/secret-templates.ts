/** The Secrets as files for other tools: names, types and what is known; the values are for a person to fill in. */

import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { externalSecret, type SecretStore } from '../../charts/secrets/external.ts';

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

/** The comments say what belongs there: a serializer has no place for them. */
function plain({ namespace, name, type, optional, keys }: SecretEntry): string {
  const text = toYaml({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type });
  const data = keys.map(({ key, value }) =>
    value.kind === 'fixed' ? `  ${key}: ${JSON.stringify(value.text)}` : `  ${key}: "" # ${MADE[value.kind]}`,
  );
  return `${optional ? '# Optional: leave it out when it is not used.\n' : ''}${text}stringData:\n${data.join('\n')}\n`;
}
