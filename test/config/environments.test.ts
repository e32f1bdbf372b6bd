/** Environments are data: another one is an entry or a file, and no code, help text or dashboard knows the names. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildApp, topologyOf } from '../../charts/app.ts';
import { ENVIRONMENT_CONFIG, ENVIRONMENTS, LOCAL } from '../../charts/config/environments.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { synthesize } from '../../charts/synth.ts';
import { environmentFrom } from '../../ops/commands/options.ts';
import { contextOf } from '../../ops/core/cluster.ts';
import { forwardables } from '../../ops/core/components.ts';
import { checkSeedable } from '../../ops/core/seed.ts';
import { root } from '../support/objects.ts';

const folder = mkdtempSync(join(tmpdir(), 'environments-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const SKIPPED = ['node_modules', 'tests', '__pycache__', 'migrations'];
const sources = (path: string): readonly string[] =>
  readdirSync(root(path), { withFileTypes: true }).flatMap((entry) => {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.includes(entry.name) ? [] : sources(inner);
    return /\.(ts|mjs|py|sh|rb|sql)$/.test(entry.name) ? [inner] : [];
  });

/** Examples of help texts name one to show what an argument looks like; the text of no error or rule does. */
const example = /\.\/platform /;

describe('nothing but environments.ts knows the names', () => {
  const files = ['charts', 'ops', 'services', 'main.ts'].flatMap((path) =>
    path.endsWith('.ts') ? [path] : sources(path),
  );
  const code = files.filter(
    (path) =>
      path !== 'charts/config/environments.ts' && !/_(testing|simulator)\/|^services\/contract/.test(path),
  );
  it('there is enough to look at', () => {
    expect(code.length).toBeGreaterThan(300);
  });
  it.each(ENVIRONMENTS)('%s', (name) => {
    const word = new RegExp(`(?<![\\w./-])['"\`]${name}['"\`]|\\b(in|of|for) ${name}\\b`);
    const found = code.flatMap((path) =>
      readFileSync(root(path), 'utf8')
        .split('\n')
        .filter((line) => word.test(line) && !example.test(line))
        // The default name of a service.
        .filter((line) => !/\bENV\b|\benv: str\b/.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});

describe('preprod, of which only a file knows', () => {
  const yaml = file(
    'preprod.yaml',
    'environment: preprod\nnameSuffix: -preprod\nedge:\n  hosts: [preprod.example.com]\n',
  );
  it('renders like any other', async () => {
    const environment = await environmentFrom(yaml);
    const outdir = join(folder, 'out');
    const [result] = synthesize({ environments: [environment], outdir });
    expect(result).toMatchObject({ environment: 'preprod' });
    expect(result?.objects).toBeGreaterThan(150);
    const text = readdirSync(join(outdir, 'preprod'))
      .map((name) => readFileSync(join(outdir, 'preprod', name), 'utf8'))
      .join('\n');
    for (const part of ['inventory: preprod', 'host: preprod.example.com', 'namespace: assistants-preprod'])
      expect(text.includes(part), part).toBe(true);
    for (const other of ENVIRONMENTS) expect(text.includes(`inventory: ${other}`), other).toBe(false);
  });
  it('may be a module', async () => {
    const module = file(
      'preprod.ts',
      "export const ENVIRONMENT = { environment: 'preprod', replicas: 2 };\n",
    );
    expect(resolveConfig(await environmentFrom(module))).toMatchObject({
      environment: 'preprod',
      replicas: 2,
    });
  });
  it('takes overrides like any other, and may not be renamed by them', async () => {
    const environment = await environmentFrom(yaml);
    expect(resolveConfig(environment, [{ replicas: 3 }]).replicas).toBe(3);
    expect(() => resolveConfig(environment, [{ environment: 'other' }])).toThrow(/^environment: "other"/);
  });
  it.each([
    ['without a name', file('nameless.yaml', 'replicas: 2\n'), /has no name/],
    [
      'with a bad name',
      file('bad.yaml', 'environment: Pre Prod\n'),
      /^environment: "Pre Prod" .*such as preprod/,
    ],
    ['that is not there', join(folder, 'none.yaml'), /cannot be read/],
    ['that exports nothing', file('empty.ts', 'export const OTHER = 1;\n'), /exports no ENVIRONMENT/],
    ['with an unknown field', file('unknown.yaml', 'environment: x\nreplica: 2\n'), /^replica: 2/],
  ])('a file %s is refused', async (_, path, message) => {
    await expect(environmentFrom(path).then((found) => resolveConfig(found))).rejects.toThrow(message);
  });
  it('is not written into the committed folder', async () => {
    const environments = [await environmentFrom(yaml)];
    expect(() => synthesize({ environments, outdir: root('dist') })).toThrow(/takes no overrides/);
  });
});

describe('what an environment may do is told by its tier', () => {
  const of = (tier: 'local' | 'shared' | 'protected') => resolveConfig({ environment: 'preprod', tier });
  it('an entry is shared unless it says otherwise', () => {
    expect(resolveConfig({ environment: 'preprod' }).tier).toBe('shared');
    expect(ENVIRONMENT_CONFIG[LOCAL]?.tier).toBe('local');
  });
  it('accounts are made up, and consoles forwarded, unless it is protected', () => {
    for (const tier of ['local', 'shared'] as const) {
      checkSeedable(of(tier));
      expect(forwardables(of(tier), topologyOf(of(tier)))).toHaveLength(4);
    }
    expect(() => checkSeedable(of('protected'))).toThrow('seed: preprod gets no test data');
    expect(() => forwardables(of('protected'), topologyOf(of('protected')))).toThrow('monitor: preprod');
  });
  it('only a local one has a cluster that is not named', () => {
    expect(contextOf(of('local'), undefined)).toMatch(/^kind-/);
    expect(() => contextOf(of('shared'), undefined)).toThrow('preprod is no local cluster');
  });
  it('only a local one simulates models and runs the latest images', () => {
    const local = {
      environment: 'preprod',
      tier: 'local',
      simulator: { models: true },
      images: { tag: 'latest' },
    };
    expect(buildApp(resolveConfig(local)).charts.length).toBeGreaterThan(10);
    expect(() => resolveConfig({ ...local, tier: 'shared' })).toThrow(/tier local only|latest is refused/);
  });
  it('services are told it', () => {
    const text = JSON.stringify(buildApp(of('protected')).charts.flatMap((chart) => chart.toJson()));
    expect(text.match(/"name":"ENV_TIER","value":"protected"/g)?.length).toBeGreaterThanOrEqual(6);
  });
});
