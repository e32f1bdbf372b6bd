/** The start of the command: which bundle is run, what is installed first, and what it says where it cannot run. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { ALWAYS, BUNDLES, CURRENT } from '../../ops/launch/current.mjs';
import { npmArguments } from '../../ops/launch/install.mjs';

const CLI = `import { readFileSync } from 'node:fs';
import { word } from './core/word.ts';
export async function main(argv: readonly string[]): Promise<void> {
  const beside = readFileSync(new URL('./beside.txt', import.meta.url), 'utf8').trim();
  if (argv[0] === 'throw') throw new Error(word);
  process.stdout.write([word, beside, ...argv].join(' '));
}
`;

let root = '';
const at = (path: string): string => join(root, path);
const write = (path: string, text: string): void => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
};
const word = (text: string): void => write('ops/core/word.ts', `export const word: string = '${text}';\n`);

/** A repository of three files, with the launcher of this one. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'launch-'));
  for (const file of ALWAYS) write(file, '{}');
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json'])
    write(file, '{ "packages": {} }');
  write('package.json', '{ "type": "module" }');
  cpSync(`${ROOT}/ops/launch`, at('ops/launch'), { recursive: true });
  symlinkSync(`${ROOT}/node_modules/esbuild`, at('node_modules/esbuild'));
  write('ops/cli.ts', CLI);
  write('ops/beside.txt', 'beside');
  word('one');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const start = (args: readonly string[] = [], env: Record<string, string> = {}, ...flags: readonly string[]) =>
  execa(process.execPath, [...flags, at('ops/launch/start.mjs'), ...args], { env, reject: false });
const bundles = (): readonly string[] => readdirSync(at(BUNDLES)).filter((name) => name !== CURRENT);

describe('the bundle', () => {
  it('is made once for the same sources, and files beside a module are found', async () => {
    expect((await start(['a', 'b'])).stdout).toBe('one beside a b');
    const made = bundles();
    expect((await start(['c'])).stdout).toBe('one beside c');
    expect(bundles()).toEqual(made);
    expect(made).toHaveLength(1);
  });
  it('is never an old one: same size, older time, taken back, removed, added', async () => {
    expect((await start()).stdout).toBe('one beside');
    word('two');
    utimesSync(at('ops/core/word.ts'), 1, 1);
    expect((await start()).stdout).toBe('two beside');
    word('one');
    expect((await start()).stdout).toBe('one beside');
    renameSync(at('ops/core/word.ts'), at('ops/word.ts'));
    const removed = await start();
    expect(removed.exitCode).toBe(1);
    expect(removed.stderr).toMatch(/^error: .*Could not resolve "\.\/core\/word\.ts"[^\n]*$/);
    write('ops/cli.ts', CLI.replace('./core/word.ts', './word.ts'));
    expect((await start()).stdout).toBe('one beside');
  });
  it('is another one when the packages or the settings change', async () => {
    const keys = new Set<string>();
    const key = async (): Promise<void> => {
      expect((await start()).stdout).toBe('one beside');
      keys.add(readFileSync(at(`${BUNDLES}/${CURRENT}`), 'utf8'));
    };
    await key();
    const settings = ALWAYS.filter((path) => !path.endsWith('.mjs'));
    for (const path of settings) {
      write(path, `${readFileSync(at(path), 'utf8')}\n`);
      await key();
    }
    expect(keys.size).toBe(settings.length + 1);
    expect(bundles().length).toBeLessThanOrEqual(3);
  });
  it('is made anew when what was kept is damaged or gone', async () => {
    await start();
    for (const folder of bundles()) rmSync(at(`${BUNDLES}/${folder}`), { recursive: true });
    expect((await start()).stdout).toBe('one beside');
    write(`${BUNDLES}/${CURRENT}`, '{"key": "');
    expect((await start()).stdout).toBe('one beside');
    for (const folder of bundles()) write(`${BUNDLES}/${folder}/none.code`, 'no code of V8');
    expect((await start()).stdout).toBe('one beside');
  });
  it('is whole for everyone who starts at the same time', async () => {
    const ended = await Promise.all(['a', 'b', 'c', 'd'].map((one) => start([one])));
    expect(ended.map(({ stdout, stderr }) => stdout + stderr)).toEqual(
      ['a', 'b', 'c', 'd'].map((one) => `one beside ${one}`),
    );
    expect(bundles()).toHaveLength(1);
  });
  it('names the sources in stack traces', async () => {
    const { stderr, exitCode } = await start(['throw']);
    expect(stderr).toMatch(/at .*main .*\/ops\/cli\.ts:5:\d+\)/);
    expect(exitCode).not.toBe(0);
  });
});

describe('packages', () => {
  const lock = (entries: object): string => JSON.stringify({ packages: { '': {}, ...entries } });
  const RUNS = { 'node_modules/a': { version: '1.0.0' } };
  const CHECKS = { 'node_modules/b': { version: '1.0.0', dev: true } };
  const FOREIGN = { 'node_modules/c': { version: '1.0.0', optional: true, os: ['aix'] } };

  it.each([
    ['nothing is installed', {}, 'ci --no-fund --no-audit --omit=dev'],
    ['another version is', { 'node_modules/a': { version: '0.9.0' } }, 'ci --no-fund --no-audit --omit=dev'],
    ['those of developers are', CHECKS, 'ci --no-fund --no-audit'],
    ['what runs is', RUNS, undefined],
  ])('%s', (_, installed, args) => {
    expect(npmArguments({ '': {}, ...RUNS, ...CHECKS, ...FOREIGN }, installed)?.join(' ')).toBe(args);
  });
  it('of this system are needed even where they are optional', () => {
    const own = { version: '1.0.0', optional: true, os: [process.platform], cpu: [process.arch] };
    expect(npmArguments({ 'node_modules/own': own }, {})).toContain('ci');
    expect(npmArguments({ 'node_modules/own': { ...own, cpu: ['none'] } }, {})).toBeUndefined();
  });
  it('are installed by the npm on PATH, before anything is bundled', async () => {
    write('package-lock.json', lock(RUNS));
    write(
      'bin/npm',
      `#!/bin/sh\necho "$*" > '${at('calls')}'\ncp package-lock.json node_modules/.package-lock.json\n`,
    );
    await execa('chmod', ['+x', at('bin/npm')]);
    const { stdout, stderr } = await start([], { PATH: [at('bin'), process.env.PATH].join(delimiter) });
    expect(stdout).toBe('one beside');
    expect(stderr).toMatch(/^Installing node packages \(npm ci .*--omit=dev\)/);
    expect(readFileSync(at('calls'), 'utf8')).toBe('ci --no-fund --no-audit --omit=dev\n');
  });
  it('of another clone, behind a link, are left alone', async () => {
    renameSync(at('node_modules'), at('shared'));
    symlinkSync(at('shared'), at('node_modules'));
    write('package-lock.json', lock(RUNS));
    write('bin/npm', `#!/bin/sh\ntouch '${at('calls')}'\n`);
    await execa('chmod', ['+x', at('bin/npm')]);
    const { stderr, exitCode } = await start([], { PATH: [at('bin'), process.env.PATH].join(delimiter) });
    expect(stderr).toMatch(/^error: node_modules: a symbolic link .*; run npm ci where it points to$/);
    expect(exitCode).toBe(1);
    expect(existsSync(at('calls'))).toBe(false);
  });
});

describe('where it does not run', () => {
  const faked = (property: string): string =>
    `--import=data:text/javascript,Object.defineProperty(process, ${property})`;
  it.each([
    ['Windows', `'platform', { value: 'win32' }`, /^error: Windows: not supported; run this in WSL2 [^\n]+$/],
    [
      'an old Node',
      `'versions', { value: { node: '20.18.3' } }`,
      /^error: node: \S+ is too old; install Node.js 20.19 or newer from https:\/\/nodejs.org$/,
    ],
  ])('%s: it says what to do in one line', async (_, property, message) => {
    const { stderr, exitCode } = await start([], {}, faked(property));
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  });
  it('no Node: it says where to get it', async () => {
    const { stderr, exitCode } = await execa('/bin/bash', [`${ROOT}/platform`], {
      env: { PATH: root },
      extendEnv: false,
      reject: false,
    });
    expect(stderr).toMatch(/^error: node: not found; install Node.js/);
    expect(exitCode).toBe(1);
  });
});

describe('the script', () => {
  it('is found through symbolic links, absolute and relative, from any folder', async () => {
    symlinkSync(`${ROOT}/platform`, at('first'));
    mkdirSync(at('deeper'));
    symlinkSync('../first', at('deeper/second'));
    for (const link of [at('first'), at('deeper/second')])
      expect((await execa(link, ['--version'], { cwd: tmpdir() })).stdout).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await execa('../platform', ['--version'], { cwd: `${ROOT}/ops` })).exitCode).toBe(0);
  });
  it('takes services from a module in TypeScript', async () => {
    write(
      'services.ts',
      `import { SERVICES as all } from '${ROOT}/charts/topology.ts';\nexport const SERVICES: readonly object[] = all;\n`,
    );
    const { stdout } = await execa(
      `${ROOT}/platform`,
      ['synth', '--env', 'dev', '--topology', 'services.ts', '--out', 'out', '--json'],
      { cwd: root },
    );
    expect(JSON.parse(stdout)).toMatchObject({ environments: [{ environment: 'dev' }] });
  });
});
