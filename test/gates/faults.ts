/** For every gate a fault that it must find. */
export interface Fault {
  /** Name of a gate, or of a tool whose gates are alike. */
  readonly gate: string;
  /** Filter for the gates to run. @default `gate` */
  readonly only?: string;
  readonly fault: string;
  /** The TypeScript tests to keep, for a quick run. @default all */
  readonly kept?: readonly string[];
  /** Text of files, or what to change in them. */
  readonly files: Readonly<Record<string, string | readonly [before: string | RegExp, after: string]>>;
  /** Text that the output must contain. */
  readonly names: string;
}

const PLANTED_TS = 'ops/planted.ts';
const COMMON = 'services/common/assistants_common/planted.py';
const GATEWAY = 'services/api-gateway';
const CONSOLE = 'services/console';
const REDIS = 'dist/dev/20-redis.k8s.yaml';
/** A package of its own, for tools that take a long time for the others; nothing but its folder makes it one. */
const PACKAGE = 'services/planted';
const PASSING = 'def test_passes() -> None:\n    assert True\n';

const vitest = (project: string, folder: string): Fault => ({
  gate: `vitest:${project}`,
  fault: 'a test that fails',
  kept: [],
  files: {
    [`${folder}/planted.test.ts`]:
      "import { expect, it } from 'vitest';\nit('was planted', () => expect(1).toBe(2));\n",
  },
  names: `${folder}/planted.test.ts > was planted`,
});

export const FAULTS: readonly Fault[] = [
  vitest('platform', 'test/ops'),
  {
    gate: 'vitest:platform',
    fault: 'a manifest that was changed by hand',
    kept: ['test/golden/dist.test.ts'],
    files: { [REDIS]: ['apiVersion', 'apiversion'] },
    names: '20-redis.k8s.yaml is what is rendered',
  },
  ...[
    'gates',
    'console',
    'api-server',
    'elasticsearch',
    'release',
    'production',
    'clusters',
    'upgrade',
    'external',
  ].map((project) => vitest(project, `test/${project}`)),
  vitest('e2e', 'test/e2e/1-first'),
  {
    gate: 'deno-test',
    only: 'deno-test:api-gateway',
    fault: 'a test that fails',
    kept: [],
    files: {
      [`${GATEWAY}/tests/planted_test.ts`]:
        "Deno.test('was planted', () => { throw new Error('fault'); });\n",
    },
    names: 'was planted => ./tests/planted_test.ts',
  },
  {
    gate: 'pytest',
    only: 'pytest:planted',
    fault: 'a test that fails',
    files: { [`${PACKAGE}/tests/test_planted.py`]: 'def test_fails() -> None:\n    assert False\n' },
    names: 'test_planted.py::test_fails',
  },
  {
    gate: 'pytest',
    only: 'pytest:planted',
    fault: 'code that no test runs',
    files: {
      [`${PACKAGE}/tests/test_planted.py`]: PASSING,
      [`${PACKAGE}/planted/__init__.py`]: 'def planted() -> int:\n    return 1\n',
    },
    names: 'planted/planted/__init__.py',
  },
  {
    gate: 'biome',
    fault: 'a file out of format',
    files: { [PLANTED_TS]: 'export   const planted = 1;\n' },
    names: PLANTED_TS,
  },
  {
    gate: 'biome',
    fault: 'an unused import',
    files: { [PLANTED_TS]: "import { join } from 'node:path';\n\nexport const planted = 1;\n" },
    names: 'lint/correctness/noUnusedImports',
  },
  {
    gate: 'tsc',
    only: 'tsc:console',
    fault: 'a text where a number is due, in a test in a browser',
    files: { 'test/console/planted.ts': "export const planted: number = 'text';\n" },
    names: 'test/console/planted.ts(1,14)',
  },
  {
    gate: 'deno-check',
    only: 'deno-check:console',
    fault: 'a text that Russian lacks',
    files: {
      [`${CONSOLE}/src/i18n/en.ts`]: [/\} as const;\n$/, "  'planted.text': 'planted',\n} as const;\n"],
    },
    names: 'Property \'"planted.text"\' is missing',
  },
  {
    gate: 'deno-check',
    only: 'deno-check:console',
    fault: 'a contract that has changed',
    files: { [`${CONSOLE}/src/api/schema.ts`]: [/fallback_for: /g, 'fallback_of: '] },
    names: 'fallback_for',
  },
  {
    gate: 'tsc',
    fault: 'a text where a number is due',
    files: { [PLANTED_TS]: "export const planted: number = 'text';\n" },
    names: `${PLANTED_TS}(1,14)`,
  },
  {
    gate: 'knip',
    fault: 'a file that nothing uses',
    files: { [PLANTED_TS]: 'export const planted = 1;\n' },
    names: PLANTED_TS,
  },
  {
    gate: 'docs:docs',
    fault: 'a stale diagram',
    files: { 'README.md': ['  subgraph frontend', '  subgraph planted'] },
    names: 'README.md: the block diagram is stale',
  },
  {
    gate: 'docs:alerts-table',
    fault: 'a stale table',
    files: { 'docs/alerts.md': ['| `traefik`', '| `planted`'] },
    names: 'docs/alerts.md: the block objectives is stale',
  },
  {
    gate: 'ruff-format',
    fault: 'a file out of format',
    files: { [COMMON]: 'PLANTED   = 1\n' },
    names: COMMON,
  },
  { gate: 'ruff', fault: 'an unused import', files: { [COMMON]: 'import os\n' }, names: 'F401' },
  {
    gate: 'mypy',
    only: 'mypy:planted',
    fault: 'a text where a number is due',
    files: {
      [`${PACKAGE}/tests/test_planted.py`]: PASSING,
      [`${PACKAGE}/planted.py`]: 'PLANTED: int = "text"\n',
    },
    names: `${PACKAGE}/planted.py:1: error`,
  },
  {
    gate: 'actionlint',
    fault: 'a step that is no step',
    files: {
      '.github/workflows/planted.yml':
        'on: push\njobs:\n  planted:\n    runs-on: ubuntu-24.04\n    steps:\n      - runs: npm test\n',
    },
    names: '.github/workflows/planted.yml:6',
  },
  {
    gate: 'hadolint',
    fault: 'an image without a version',
    files: { 'dockerfiles/planted/Dockerfile': 'FROM debian:latest\n' },
    names: 'dockerfiles/planted/Dockerfile:1 DL3007',
  },
  {
    gate: 'shellcheck:scripts',
    fault: 'a function in an && list, where a failing command goes unnoticed',
    files: {
      'scripts/planted':
        '#!/usr/bin/env bash\nset -euo pipefail\nchecks() {\n  false\n  echo checked\n}\nchecks && echo done\n',
    },
    names: 'In scripts/planted line 7',
  },
  {
    gate: 'shellcheck:manifests',
    fault: 'a container that goes on with what a failed command did not say',
    files: { [REDIS]: ['umask 027', 'echo "$(cat /run/secrets/redis/password)"'] },
    names: 'In dev/ConfigMap/redis/secrets.sh line',
  },
  {
    gate: 'checkov',
    fault: 'a container that may gain privileges',
    files: { [REDIS]: ['allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true'] },
    names: 'CKV_K8S_20',
  },
  {
    gate: 'checkov',
    fault: 'a file that checkov cannot read and passes over',
    files: { [REDIS]: ['kind: StatefulSet', 'kind: ='] },
    names: 'checkov: dev: saw',
  },
  {
    gate: 'kube-score',
    fault: 'a container that writes to its root filesystem',
    files: { [REDIS]: ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false'] },
    names: 'container-security-context-readonlyrootfilesystem',
  },
  {
    gate: 'deno-fmt',
    only: 'deno-fmt:api-gateway',
    fault: 'a file out of format',
    files: { [`${GATEWAY}/src/planted.ts`]: 'export   const planted = 1;\n' },
    names: 'src/planted.ts',
  },
  {
    gate: 'deno-lint',
    only: 'deno-lint:api-gateway',
    fault: 'an unused variable',
    files: { [`${GATEWAY}/src/planted.ts`]: 'const planted = 1;\n' },
    names: 'no-unused-vars',
  },
  {
    gate: 'deno-check',
    only: 'deno-check:api-gateway',
    fault: 'a text where a number is due',
    files: { [`${GATEWAY}/tests/planted.ts`]: "export const planted: number = 'text';\n" },
    names: 'tests/planted.ts',
  },
  {
    gate: 'contract',
    only: 'contract:security',
    fault: 'an endpoint that answers with 500',
    files: {
      'services/security/security/alerts/api.py': [
        '@router.get("/alerts", ',
        '@router.get("/planted")\nasync def planted() -> None:\n    raise RuntimeError\n\n\n@router.get("/alerts", ',
      ],
      // One request of one operation is enough.
      'services/contract/contract_testing/__main__.py': [
        /_EXAMPLES = \d+([\s\S]*)"--operation", action="append", default=\[\]/,
        '_EXAMPLES = 1$1"--operation", action="append", default=["GET /planted"]',
      ],
    },
    names: 'GET /planted',
  },
];
