import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import { FORMATS, parseProvided, secretRows, secretTemplates } from '../../ops/core/secret-documents.ts';
import {
  entriesNamed,
  finishSteps,
  isFollowed,
  readAt,
  readersOf,
  readingPod,
  rotationSteps,
  textOf,
  valuesIn,
} from '../../ops/core/secret-rotation.ts';
import {
  differingSecrets,
  planSecrets,
  type SecretValues,
  secretId,
  secretProblems,
} from '../../ops/core/secrets.ts';
import { issueCertificates } from '../../ops/tools/certificates.ts';
import { configOf, render } from '../support/objects.ts';

const catalogOf = (...overrides: readonly ConfigOverride[]) => {
  const config = configOf('production', overrides);
  return secretCatalog(config, topologyOf(config));
};
const catalog = catalogOf();
const pem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();

/** What create would make of everything, with values of their kind. */
async function made(entries: typeof catalog): Promise<Map<string, Record<string, string>>> {
  const certificates = await issueCertificates(entries);
  const { create } = planSecrets(entries, new Map(), {
    certificates,
    random: (bytes) => 'r'.repeat(Math.ceil((bytes * 4) / 3)),
    privateKey: pem,
    provided: (key) => `value of ${key}`,
  });
  return new Map(create.map(({ entry, data }) => [secretId(entry), { ...data }]));
}

describe('steps of a rotation', () => {
  const values = (rotation: 'overlap' | 'kept' | 'replace', before: readonly string[], lasting = false) =>
    rotationSteps({ rotation }, before, 'new', lasting).map((step) => step.values);

  it.each([[['old']], [['old', 'older']], [['interrupted', 'old']]])(
    'from %j: each accepts what the steps beside it use',
    (before) => {
      const steps = values('overlap', before);
      const all = [before, ...steps];
      expect(all.at(-1)).toEqual(['new']);
      for (const [index, step] of all.entries())
        for (const beside of [all[index - 1], all[index + 1]])
          if (beside) expect(beside, `${step} beside ${beside}`).toContain(step[0]);
    },
  );
  it('what tokens were signed with stays until it is finished, and a signature of the audit log for good', () => {
    expect(values('overlap', ['old'], true).at(-1)).toEqual(['new', 'old']);
    expect(values('kept', ['old', 'older']).at(-1)).toEqual(['new', 'old', 'older']);
    expect(finishSteps({ rotation: 'overlap' }, ['new', 'old']).map((step) => step.values)).toEqual([
      ['new'],
    ]);
    expect(finishSteps({ rotation: 'overlap' }, ['new'])).toEqual([]);
    expect(finishSteps({ rotation: 'kept' }, ['new', 'old'])).toEqual([]);
  });
  it('one value takes the place of another at once where only one can be', () => {
    expect(values('replace', ['old'])).toEqual([['new']]);
  });
  it('values are lines, or PEM blocks', () => {
    expect(valuesIn(' a \n\nb\n')).toEqual(['a', 'b']);
    const keys = [pem().trim(), pem().trim()];
    expect(valuesIn(textOf(keys))).toEqual(keys);
  });
  it('are for names that are known, and can be rotated', () => {
    expect(entriesNamed(catalog, ['redis', 'jwt']).map(({ name }) => name)).toEqual(['jwt', 'redis']);
    expect(() => entriesNamed(catalog, ['nothing'])).toThrow(
      /^secrets rotate: "nothing" is not known; expected jwt, /,
    );
    expect(() => entriesNamed(catalog, ['logging-users'])).toThrow(
      /^secrets rotate: logging-users cannot be rotated; /,
    );
  });
});

describe('check', () => {
  const now = new Date();
  const problemsOf = (found: SecretValues, entries = catalog, at = now) => secretProblems(entries, found, at);

  it('finds nothing wrong with what create makes, with every algorithm', async () => {
    for (const jwtAlgorithm of ['HS256', 'ES256'] as const) {
      const entries = catalogOf({ settings: { jwtAlgorithm } });
      expect(problemsOf(await made(entries), entries)).toEqual([]);
    }
  });
  it('names every required Secret of an empty cluster', () => {
    const required = catalog.filter(({ optional }) => !optional);
    expect(required.length).toBeGreaterThan(15);
    expect(problemsOf(new Map())).toHaveLength(required.length);
  });
  it.each([
    ['assistants/jwt', 'JWT_SECRET_KEY', 'short', 'is shorter than 32 bytes'],
    ['assistants/redis', 'password', ' \n', 'is empty'],
    ['assistants/postgres-security-app', 'username', 'else', 'is not security_user'],
    ['assistants/postgres-security-superuser', 'password', 'a\nb', 'has more than one line'],
    ['assistants/smtp', 'SMTP_PASSWORD', 'a\nb', 'has more than one line'],
    ['assistants-logging/kibana-tls', 'tls.crt', 'no', 'is no certificate in PEM format'],
    ['assistants-logging/kibana-tls', 'tls.key', 'no', 'is no private key in PEM format'],
  ])('%s: %s that is %j %s, and does not say it', async (id, key, value, problem) => {
    const found = await made(catalog);
    found.set(id, { ...found.get(id), [key]: value });
    expect(problemsOf(found)).toEqual([`${id}: ${key} ${problem}`]);
  });
  it('certificates of other names, and those that end soon', async () => {
    const found = await made(catalog);
    const kibana = found.get('assistants-logging/kibana-tls') ?? {};
    const logstash = found.get('assistants-logging/logstash-tls') ?? {};
    found.set('assistants-logging/kibana-tls', { ...kibana, 'tls.crt': logstash['tls.crt'] ?? '' });
    expect(problemsOf(found)).toEqual(['assistants-logging/kibana-tls: tls.crt is not for kibana']);
    const later = new Date(now.getTime() + 1080 * 86_400_000);
    expect(
      problemsOf(await made(catalog), catalog, later).every((text) => / ends in 1\d days$/.test(text)),
    ).toBe(true);
  });
});

describe('what is there and who reads it', () => {
  const wanted = render('production').map((object) => kubeObject.parse(object));
  it('every Secret has a reader', () => {
    const alone = secretRows(catalog, wanted).filter(({ neededBy }) => neededBy.length === 0);
    expect(alone).toEqual([]);
  });
  it('says what is missing of each', () => {
    const rows = secretRows(
      catalog,
      wanted,
      new Map([
        ['assistants/redis', []],
        ['assistants/jwt', ['JWT_SECRET_KEY']],
      ]),
    );
    const states = Object.fromEntries(
      rows.map(({ name, state, missingKeys }) => [name, [state, ...missingKeys]]),
    );
    expect(states).toMatchObject({
      jwt: ['there'],
      redis: ['incomplete', 'password'],
      audit: ['missing', 'AUDIT_KEY'],
    });
  });
  it('pods that run, and have it among their files', () => {
    const pod = (name: string, secret: string, more: object = {}) =>
      readingPod.parse({
        metadata: { name, namespace: 'assistants', ...more },
        spec: {
          containers: [{ name: 'main' }, { name: 'follow-secrets' }],
          volumes: [
            { name: 's', projected: { sources: [{ secret: { name: secret } }] } },
            { name: 'e', emptyDir: {} },
          ],
        },
        status: { phase: 'Running' },
      });
    const pods = [pod('a', 'redis'), pod('b', 'jwt'), pod('c', 'redis', { deletionTimestamp: 'now' })];
    expect(
      readersOf({ namespace: 'assistants', name: 'redis' }, pods).map(({ metadata }) => metadata.name),
    ).toEqual(['a']);
    expect(pods.every(isFollowed)).toBe(true);
  });
  it('when a service read its files is in its metrics', () => {
    expect(readAt('# HELP x\nsecrets_read_timestamp_seconds 1.7e+09\nother 1\n')).toBe(1.7e9);
    expect(readAt('other 1\n')).toBe(0);
  });
  it('a value of the environment that is another than the cluster has is told by name', () => {
    const found = new Map([['assistants/ai-assistant-providers', { OPENAI_API_KEY: 'there' }]]);
    const here = (value?: string) =>
      differingSecrets(catalog, found, (key) => (key === 'OPENAI_API_KEY' ? value : undefined));
    expect([here('here'), here('there\n'), here('')]).toEqual([['ai-assistant-providers'], [], []]);
  });
});

describe('values in a file', () => {
  it('are lines of KEY=value, or a mapping', () => {
    const expected = { A: 'b=c', D: 'e f', G: '' };
    expect(parseProvided('# note\n\nA=b=c\nexport D="e f"\nG=\n', 'x.env')).toEqual(expected);
    expect(parseProvided('A: b=c\nD: e f\nG: ""\n', 'x.yaml')).toEqual(expected);
  });
  it.each([
    ['A=1\nhidden value', 'x.env', /^--from-file x\.env: line 2 is not KEY=value$/],
    ['A: {b: hidden}', 'x.yaml', /^--from-file x\.yaml: A is not text; /],
    ['a: "hidden', 'x.yml', /^--from-file x\.yml: cannot be read as YAML; /],
  ])('%j is refused without a value', (text, file, message) => {
    expect(() => parseProvided(text, file)).toThrow(message);
    expect(() => parseProvided(text, file)).not.toThrow(/hidden/);
  });
});

describe('templates', () => {
  it.each(FORMATS)('%s: every Secret with its keys, and no value', (format) => {
    const text = secretTemplates(format, catalog, { name: 'vault', kind: 'ClusterSecretStore', prefix: '' });
    for (const { name, keys } of catalog) {
      expect(text).toContain(`name: ${name}\n`);
      for (const { key } of keys) expect(text, name).toMatch(new RegExp(`\\b${key.replace('.', '\\.')}\\b`));
    }
    for (const [, value] of text.matchAll(/^ {2}[\w.-]+: "(.*)" #/gm)) expect(value).toBe('');
  });
});
