import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMITTED } from '../../charts/synth.ts';
import { ROOT } from '../../ops/core/paths.ts';
import { commandLine } from '../support/command.ts';

let elsewhere = '';
beforeAll(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

/** In another folder than the repository. */
const platform = (...args: string[]) => commandLine(args, { cwd: elsewhere });
/** The same as a process of its own. */
const started = (...args: string[]) =>
  execa(`${ROOT}/platform`, args, { cwd: elsewhere, reject: false, stdin: 'ignore' });

const committed = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(COMMITTED, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  );

/** Arguments, exit status, and what the one line on standard error names: field and value. */
const REFUSED: readonly [args: string[], status: number, named: string[]][] = [
  [['synth', '--env', 'qa'], 1, ['environment', '"qa"']],
  [['synth', '--set', 'colour=red'], 1, ['colour', '"red"']],
  [['synth', '--set', 'images.colour=red'], 1, ['images.colour', '"red"']],
  [
    ['synth', '--env', 'production', '--set', 'services.security.minReplicas=9'],
    1,
    ['services.security.minReplicas', '9'],
  ],
  [['synth', '--set', 'databases.cpu.request=lots'], 1, ['databases.cpu.request', '"lots"']],
  [['synth', '--env', 'production', '--set', 'images.tag=latest'], 1, ['images.tag', '"latest"']],
  [['synth', '--set', 'monitoring.enabeld=true'], 1, ['monitoring.enabeld', 'true']],
  [['synth', '--set', 'images.tag=1.2.3'], 1, ['--out', 'dist']],
  [['synth', '--set', 'images.tag'], 1, ['--set', '"images.tag"']],
  [['synth', '--values', 'nowhere.yaml'], 1, ['--values', '"nowhere.yaml"']],
  [['synth', '--topology', 'nowhere.ts'], 1, ['--topology', '"nowhere.ts"']],
  [['synth', '--colour'], 1, ['unknown option', '--colour']],
  [['frobnicate'], 1, ['unknown command', 'frobnicate']],
  [['architecture', '--format', 'svg'], 1, ['--format', "'svg'"]],
  [['network', '--env', 'qa'], 1, ['environment', '"qa"']],
  [['up', '--timeout', 'soon'], 1, ['--timeout', "'soon'"]],
  [['up', '--set', 'replicas=0'], 1, ['replicas', '0']],
  [['build', 'secruity'], 1, ['build', '"secruity"', 'security']],
  [['build', '--jobs', 'many'], 1, ['--jobs', "'many'"]],
  [['build', '--build-arg', 'x'], 1, ['--build-arg', '"x"']],
  [['build', '--platform', 'arm64'], 1, ['--platform', '"arm64"']],
  [['build', '--sbom', 'x', '--platform', 'linux/amd64,linux/arm64'], 1, ['--sbom', 'push --attest']],
  [['push', '--yes'], 1, ['push', 'images.registry', '"localhost/ai-assistants"']],
  [
    ['push', '--cache-from', 'r.example/c', '--set', 'images.registry=r.example/t'],
    1,
    ['push', '--cache-from', '--platform'],
  ],
  [['summary', 'secruity'], 1, ['"secruity"', 'security']],
  [['scan', '--severity', 'SEVERE'], 1, ['--severity', '"SEVERE"', 'CRITICAL']],
  [['scan', '--env', 'qa'], 1, ['environment', '"qa"']],
  [['load-test', '--vus', '0'], 1, ['--vus', "'0'", '1 to 100']],
  [['load-test', '--duration', '9999'], 1, ['--duration', "'9999'", '5 to 600']],
  [['database-test', 'api-gateway'], 1, ['"api-gateway"', 'security']],
  [['up', '--build-arg', 'x'], 1, ['--build-arg', '"x"']],
  [['down', '--cluster-config', 'nowhere.yaml'], 1, ['--cluster-config', '"nowhere.yaml"']],
  [['up', '--cluster-config', `${ROOT}/package.json`], 1, ['--cluster-config', 'package.json"']],
  [['backup', 'secruity'], 1, ['backup', '"secruity"', 'security']],
  [['restore', 'secruity'], 1, ['restore', '"secruity"', 'security']],
  [['restore'], 1, ['missing required argument', "'service'"]],
  [['import', 'security'], 1, ['--from']],
  [['import', 'security', '--from', 'nowhere'], 1, ['import', '"nowhere"']],
  [['import', 'api-gateway', '--from', 'nowhere'], 1, ['import', '"api-gateway"', 'security']],
  [['diff', '--env', 'staging'], 2, ['--context', 'staging']],
  [['diff', '--colour'], 2, ['unknown option', '--colour']],
];

describe('bad input', () => {
  let before: ReadonlyMap<string, string>;
  beforeAll(() => {
    before = committed();
  });
  afterAll(() => expect(committed()).toEqual(before));

  it.each(REFUSED)('%j', async (args, status, named) => {
    const { exitCode, stderr } = await platform(...args);
    expect(stderr.split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/^error: /);
    for (const part of named) expect(stderr).toContain(part);
    expect(exitCode).toBe(status);
  });
  it.each([
    [['frobnicate'], './platform --help'],
    [['stat'], './platform --help'],
    [['synth', '--colour'], './platform synth --help'],
    [['synth', 'dev'], './platform synth --help'],
    [['restore'], './platform restore --help'],
    [['up', '--timeout'], './platform up --help'],
    [['up', '--timeout', 'soon'], './platform up --help'],
    [['architecture', '--format', 'svg'], './platform architecture --help'],
  ])('%j: the parser says what to type next', async (args, next) => {
    const { stderr } = await platform(...args);
    expect(stderr).toMatch(/^error: [^\n]+$/);
    expect(stderr.endsWith(`; see ${next}`)).toBe(true);
  });
  it.each([['synth', '--env', 'qa'], ['frobnicate'], ['diff', '--colour']])(
    '%j is refused alike by the process',
    async (...args) => {
      const { exitCode, stdout, stderr } = await started(...args);
      expect({ exitCode, stdout, stderr }).toEqual(await platform(...args));
    },
  );
});

describe('good input', () => {
  it('renders overrides into another folder', async () => {
    const args = ['synth', '--env', 'dev', '--set', 'images.tag=1.2.3', '--out', 'out', '--json'];
    const { exitCode, stdout } = await started(...args);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ environments: [{ environment: 'dev' }] });
    expect(readFileSync(join(elsewhere, 'out/dev/30-security.k8s.yaml'), 'utf8')).toContain(
      '/security:1.2.3',
    );
  });
  it('draws and tabulates', async () => {
    expect((await platform('architecture', '--format', 'mermaid')).stdout).toMatch(/^flowchart LR/);
    expect((await platform('network')).stdout).toMatch(/\d+ pairs of component and port may connect/);
  });
  it('shows every verb in use', async () => {
    const { exitCode, stdout } = await platform('up', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('$ ./platform up');
  });
  it('documents its exit statuses', async () => {
    expect((await started('--help')).stdout).toMatch(/Exit status:\n {2}0 .*\n {2}1 .*\n {2}2 /);
  });
});

describe('Ctrl-C', () => {
  it('ends what is running and says so, with the exit status of shells', async () => {
    const begun = join(elsewhere, 'begun');
    const tool = join(elsewhere, 'kubectl');
    writeFileSync(tool, `#!/bin/sh\ntouch '${begun}'\nexec sleep 60\n`);
    chmodSync(tool, 0o755);
    const running = execa(`${ROOT}/platform`, ['status'], {
      cwd: elsewhere,
      reject: false,
      stdin: 'ignore',
      env: { PATH: `${elsewhere}:${process.env.PATH}` },
    });
    await vi.waitFor(() => expect(existsSync(begun)).toBe(true), { timeout: 60_000 });
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    expect(stderr).toBe('error: interrupted; run the command again to go on');
    expect(exitCode).toBe(130);
  });
});
