/** Every gate of the repository. A new gate is an entry here, and a planted fault in test/gates/faults.ts. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';
import { SCANNERS, type Scanner } from '../scanners/skips.ts';
import { findChromium } from './chromium.ts';
import { shellScripts } from './files.ts';
import { type Gate, JUNIT } from './gate.ts';
import { redisServer } from './redis.ts';

const node = (tool: string): string => join(ROOT, 'node_modules/.bin', tool);
const python = (tool: string): string => join(ROOT, '.venv/bin', tool);
const PYPROJECT = 'services/pyproject.toml';
const GATEWAY = 'api-gateway';

/** Percentage of a service's statements that its own tests must run. */
const COVERED = 90;

const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const has = (name: string, file: string): boolean => existsSync(join(ROOT, 'services', name, file));
const denoProjects = foldersIn('services').filter((name) => has(name, 'deno.json'));
const dockerfiles = foldersIn('dockerfiles').map((name) => `dockerfiles/${name}/Dockerfile`);
const pythonPackages = foldersIn('services').filter(
  (name) => has(name, 'tests') && !denoProjects.includes(name),
);

/** Coverage leaves out code that only tests use. */
const isMeasured = (name: string): boolean =>
  foldersIn(`services/${name}`).some((folder) => !/^(tests|__pycache__|\..*|.*_testing)$/.test(folder));

/** Without this variable the tests look on PATH, and `CI` makes them fail. */
function redis(): Readonly<Record<string, string>> {
  const server = redisServer();
  return server ? { REDIS_SERVER: server } : {};
}

/** @param project a project of vitest.config.ts, or the common beginning of several. */
const vitest = (project: string, checks: string, tier: Gate['tier']): Gate => ({
  name: `vitest:${project}`,
  checks,
  tier,
  command: [
    node('vitest'),
    ...['run', '--project', project, '--project', `${project}-*`, '--reporter=default', '--reporter=junit'],
    `--outputFile.junit=${JUNIT}`,
  ],
  tests: true,
});

const pytest = (name: string): Gate => ({
  name: `pytest:${name}`,
  checks: isMeasured(name) ? `tests of ${name}, which run ${COVERED} % of it` : `tests of ${name}`,
  tier: 'test',
  command: [
    python('python'),
    ...['-m', 'pytest', `services/${name}`, '--quiet', '-o', 'cache_dir={folder}/cache'],
    `--junitxml=${JUNIT}`,
    ...(isMeasured(name)
      ? [`--cov=services/${name}`, `--cov-config=${PYPROJECT}`, `--cov-fail-under=${COVERED}`]
      : []),
  ],
  // Only all tests together reach the coverage.
  quick: ['-m', 'not slow', ...(isMeasured(name) ? ['--no-cov'] : [])],
  env: () => ({ COVERAGE_FILE: '{folder}/coverage' }),
  tests: true,
});

const check = (name: string, checks: string, ...command: Gate['command']): Gate => ({
  name,
  checks,
  tier: 'check',
  command,
});

const mypy = (name: string): Gate =>
  check(`mypy:${name}`, `types of ${name}`, python('mypy'), '--config-file', PYPROJECT, `services/${name}`);

const contract = (name: string): Gate =>
  check(
    `contract:${name}`,
    `answers of ${name} to generated requests, against its OpenAPI description (schemathesis)`,
    'scripts/contract-test',
    name,
  );

const INSTALL_SCANNERS = [node('tsx'), 'scripts/scan-manifests.ts', '--install'] as const;

const scan = (scanner: Scanner): Gate => ({
  ...check(
    scanner,
    'manifests, by a scanner that users run',
    node('tsx'),
    'scripts/scan-manifests.ts',
    scanner,
  ),
  prepare: INSTALL_SCANNERS,
});

const docs = (script: string): Gate =>
  check(
    `docs:${script}`,
    'what documents take from the code',
    node('tsx'),
    `scripts/${script}.ts`,
    '--check',
  );

const deno = (tool: string, name: string, checks: string, ...args: readonly string[]): Gate => ({
  ...check(`deno-${tool}:${name}`, `${checks} of ${name}`, node('deno'), ...args),
  cwd: join(ROOT, 'services', name),
});

const denoTest = (name: string): Gate => ({
  ...deno('test', name, 'tests', 'task', 'test', `--junit-path=${JUNIT}`),
  tier: 'test',
  ...(name === GATEWAY ? { env: redis } : {}),
  tests: true,
});

/** A laptop without a browser skips these; `CI` fails, and says how to install one. */
const browserTier = (): Gate['tier'] => (findChromium() || process.env.CI ? 'check' : 'named');

/** In starting order: long gates come first, so that no core waits for them at the end. */
export const GATES: readonly Gate[] = [
  vitest('platform', 'charts, manifests and operations, without a cluster', 'test'),
  ...[GATEWAY, ...pythonPackages.filter((name) => !['common', 'contract'].includes(name))].map(contract),
  ...pythonPackages.map(pytest),
  ...denoProjects.filter((name) => has(name, 'tests')).map(denoTest),
  vitest('console', 'the console in a browser, against real services', browserTier()),
  {
    ...vitest('gates', 'each gate finds the fault that is planted for it', 'check'),
    prepare: INSTALL_SCANNERS,
  },
  ...pythonPackages.map(mypy),
  ...SCANNERS.map(scan),
  ...denoProjects.map((name) => deno('check', name, 'types', 'task', 'types')),
  check('tsc', 'types of TypeScript', node('tsc'), '-p', '.'),
  check('tsc:console', 'types of the tests in a browser', node('tsc'), '-p', 'test/console'),
  check('shellcheck:manifests', 'shell in commands and ConfigMaps', node('tsx'), 'scripts/rendered-shell.ts'),
  ...['docs', 'alerts-table'].map(docs),
  check('biome', 'format and lint of TypeScript and JSON', node('biome'), 'check'),
  check('knip', 'unused files, exports, packages', node('knip')),
  check('shellcheck:scripts', 'shell scripts', python('shellcheck'), ...shellScripts()),
  {
    ...check('actionlint', 'workflows of .github and their shell', node('tsx'), 'scripts/actionlint.ts'),
    prepare: [node('tsx'), 'scripts/actionlint.ts', '--install'],
  },
  check('hadolint', 'Dockerfiles', python('hadolint'), ...dockerfiles),
  check('ruff', 'lint of Python', python('ruff'), 'check', '--quiet', 'services'),
  check('ruff-format', 'format of Python', python('ruff'), 'format', '--check', 'services'),
  ...denoProjects.map((name) => deno('lint', name, 'lint', 'lint')),
  ...denoProjects.map((name) => deno('fmt', name, 'format', 'fmt', '--check')),
  vitest('api-server', 'a dry run of all manifests on an API server', 'named'),
  vitest('elasticsearch', "documents, users and roles on Elasticsearch's own server", 'named'),
  vitest('e2e', 'the platform on a cluster', 'named'),
  vitest('release', 'releases under load, on a cluster of two workers', 'named'),
  vitest('clusters', 'an environment of its own on the cluster of a company that has its rules', 'named'),
  vitest('upgrade', 'an upgrade from the previous release under load, and back', 'named'),
  vitest('external', 'the platform with databases and Redis that somebody else runs', 'named'),
  vitest('production', 'the first deployment of production, its Secrets and its edge', 'named'),
];
