/** What `./platform new-service` writes passes every test of the manifests, its own, and the lint, and is thrown away. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRepository, ENVIRONMENT } from './copy.ts';

const NAME = 'payment-orders';
/** All tests of manifests; those of operations are about the command. */
const MANIFESTS = ['config', 'drift', 'golden', 'graph', 'policy', 'rules', 'scanners', 'schema'];

let repository = '';
beforeAll(async () => {
  repository = await copyRepository();
  await run('./platform', 'new-service', NAME, '--port', '8077');
  await run('node_modules/.bin/biome', 'format', '--write', 'charts/topology.ts');
  await run('.venv/bin/ruff', 'check', '--fix', '--quiet', 'services');
  await run('.venv/bin/ruff', 'format', '--quiet', 'services');
  await run('./platform', 'synth');
  await run('npm', 'run', 'docs');
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

/** @throws with everything the command wrote. */
async function run(tool: string, ...args: readonly string[]): Promise<string> {
  const { all, exitCode } = await execa(tool, args, {
    cwd: repository,
    env: ENVIRONMENT,
    extendEnv: false,
    all: true,
    reject: false,
  });
  if (exitCode !== 0) throw new Error(`${tool} ${args.join(' ')}: exit status ${exitCode}\n${all}`);
  return all ?? '';
}

describe.concurrent('a new service', () => {
  it('has an image, a Deployment and a database in every environment', () => {
    expect(existsSync(join(repository, `dockerfiles/${NAME}/Dockerfile.dockerignore`))).toBe(true);
    for (const environment of ['dev', 'staging', 'production']) {
      expect(readFileSync(join(repository, `dist/${environment}/30-${NAME}.k8s.yaml`), 'utf8')).toContain(
        '8077',
      );
      expect(existsSync(join(repository, `dist/${environment}/20-postgres-${NAME}.k8s.yaml`))).toBe(true);
    }
  });
  it('passes the tests of all manifests', async () => {
    const folders = MANIFESTS.map((folder) => `test/${folder}`);
    const said = await run('node_modules/.bin/vitest', 'run', '--project', 'platform', ...folders);
    expect(said).toMatch(/Tests\s+\d{3,} passed/);
  }, 900_000);
  it('passes its own tests, slow ones too', async () => {
    const said = await run('.venv/bin/python', '-m', 'pytest', `services/${NAME}`, '--quiet');
    expect(said).toMatch(/\d+ passed/);
  });
  it('passes lint and types of both languages', async () => {
    await run('.venv/bin/mypy', '--config-file', 'services/pyproject.toml', `services/${NAME}`);
    await run('.venv/bin/ruff', 'check', 'services');
    await run('.venv/bin/ruff', 'format', '--check', 'services');
    await run('node_modules/.bin/biome', 'check', 'charts');
    expect(await run('.venv/bin/hadolint', `dockerfiles/${NAME}/Dockerfile`)).toBe('');
  });
  it('leaves nothing of the sample, and changes two lists and what derives from the code', async () => {
    const untracked = await run(
      'git',
      'ls-files',
      '--others',
      '--exclude-standard',
      'services',
      'dockerfiles',
    );
    const written = untracked.split('\n').filter((path) => !path.includes('/migrations/'));
    expect(written.length).toBeGreaterThanOrEqual(14);
    for (const path of written)
      expect(`${path}\n${readFileSync(join(repository, path), 'utf8')}`).not.toMatch(/sample.service|8099/i);
    const changed = await run('git', 'diff', '--name-only', '--', 'services', 'charts', 'dockerfiles');
    expect(changed.split('\n')).toEqual([
      'charts/topology.ts',
      'services/pyproject.toml',
      'services/settings.json',
    ]);
  });
});
