import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { parseExisting, planSecrets, secretKeys, secretManifest } from '../../ops/core/secrets.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev');
const catalog = secretCatalog(config, topologyOf(config));
const sources = {
  random: (bytes: number) => 'r'.repeat(bytes),
  privateKey: (algorithm: string) => `a key for ${algorithm}`,
  provided: () => undefined,
  certificates: new Map(),
};
const required = catalog.filter(({ optional }) => !optional);
const all = new Map(
  catalog.map(({ namespace, name, keys }) => [`${namespace}/${name}`, keys.map(({ key }) => key)]),
);

describe('secrets of a local cluster', () => {
  it('makes every required one, and no optional one without a value', () => {
    const { create, extend } = planSecrets(catalog, new Map(), sources);
    expect(create.map(({ entry }) => entry)).toEqual(required);
    expect(create.length).toBeGreaterThan(10);
    expect(extend).toEqual([]);
  });
  it('keeps what exists', () => {
    expect(planSecrets(catalog, all, sources)).toEqual({ create: [], extend: [] });
  });
  it('adds only the keys that are missing', () => {
    const [entry] = required.filter(({ type }) => type === 'kubernetes.io/basic-auth');
    const partly = new Map(all).set(`${entry?.namespace}/${entry?.name}`, ['username']);
    const { create, extend } = planSecrets(catalog, partly, sources);
    expect(create).toEqual([]);
    expect(extend.map(({ entry: { name }, data }) => [name, Object.keys(data)])).toEqual([
      [entry?.name, ['password']],
    ]);
  });
  it('puts each key into an existing Secret as a field of its own owner', () => {
    const [entry] = required;
    if (!entry) throw new Error('no secret is required');
    const keys = secretKeys({ entry, data: { a: 'ä', b: 'x' } });
    expect(keys.map(({ manager }) => manager)).toEqual(['platform-a', 'platform-b']);
    expect(keys[0]?.manifest).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: entry.name, namespace: entry.namespace },
      data: { a: 'w6Q=' },
    });
  });
  it('makes a key pair where user-management signs with its own', () => {
    const own = configOf('dev', [{ settings: { jwtAlgorithm: 'ES256' } }]);
    const { create } = planSecrets(secretCatalog(own, topologyOf(own)), new Map(), sources);
    expect(
      create.flatMap(({ entry, data }) => (entry.name.startsWith('jwt') ? [[entry.name, data]] : [])),
    ).toEqual([['jwt-signing', { JWT_PRIVATE_KEY: 'a key for ES256' }]]);
  });
  it('takes what a person provides', () => {
    const provided = (key: string) => (key === 'OPENAI_API_KEY' ? 'given' : undefined);
    const { create } = planSecrets(catalog, new Map(), { ...sources, provided });
    expect(create.find(({ data }) => 'OPENAI_API_KEY' in data)?.data).toEqual({ OPENAI_API_KEY: 'given' });
  });
  it('names the variable that a required key needs', () => {
    const needed = catalog.map((entry) => ({ ...entry, optional: false }));
    expect(() => planSecrets(needed, new Map(), sources)).toThrow(
      /^secret [\w-]+: (\w+) has no value; set the environment variable \1$/,
    );
  });
  it('carries no inventory label, so that it is never pruned', () => {
    const [first] = planSecrets(catalog, new Map(), sources).create;
    expect(JSON.stringify(first && secretManifest(first))).not.toContain('inventory');
  });
  it('reads names and keys', () => {
    expect(parseExisting('a/b k1 k2\n\na/c\n')).toEqual(
      new Map([
        ['a/b', ['k1', 'k2']],
        ['a/c', []],
      ]),
    );
  });
});
