/** What is true of every verb, and what the verbs that look at a cluster say when they cannot. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLATFORM_VERSION } from '../../charts/config/versions.ts';
import { VERBS } from '../../ops/verbs.ts';
import { output, useFakeTools } from '../support/command.ts';

describe('every verb', () => {
  it.each(VERBS)('$name: has a name of its own, a description and an example', async ({ name, load }) => {
    const command = await load();
    expect(command.name()).toBe(name);
    expect(command.description()).toMatch(/^[a-z]/);
    expect(await output(name, '--help')).toMatch(
      new RegExp(`\\nExample:\\n  \\$ \\./platform ${name}( |\\n)`),
    );
  });
});

/** Verbs that look at a cluster, with arguments that suit them. */
const CLUSTER_VERBS: readonly (readonly string[])[] = [
  ['status'],
  ['health'],
  ['logs'],
  ['shell', 'security'],
  ['database', 'security'],
  ['redis', 'PING'],
  ['resources'],
  ['restart'],
  ['scale', 'security=2'],
  ['monitor'],
  ['optimize'],
  ['network', '--probe'],
  ['seed'],
  ['silence'],
];

describe('without a cluster', () => {
  useFakeTools({
    kubectl: `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *) echo 'The connection to the server was refused' >&2; exit 1 ;;
    esac`,
  });
  it.each(CLUSTER_VERBS)('%s says which one and what next', async (...args) => {
    await expect(output(...args, '--context', 'kind-nowhere')).rejects.toThrow(
      /^cluster kind-nowhere: not reachable \(.*was refused\); start the local one with \.\/platform start, or name another/,
    );
  });
  it.each(CLUSTER_VERBS)('%s wants to be told which when it is no local one', async (...args) => {
    await expect(output(...args, '--env', 'staging')).rejects.toThrow(
      /^--context: missing, and staging is no local/,
    );
  });
});

describe('without tools', () => {
  useFakeTools({});
  it.each(CLUSTER_VERBS)('%s says where to get kubectl', async (...args) => {
    await expect(output(...args)).rejects.toThrow(
      'kubectl: not found, get it from https://kubernetes.io/docs/tasks/tools/#kubectl; then run the command again',
    );
  });
  it('check-deps shows what is missing', async () => {
    await expect(output('check-deps')).rejects.toThrow('check-deps: node missing, docker missing');
  });
});

describe('with an old kubectl', () => {
  useFakeTools({ kubectl: 'echo "Client Version: v1.20.0"' });
  it('says which is needed', async () => {
    await expect(output('status')).rejects.toThrow(
      /^kubectl: 1\.20\.0 is too old, 1\.28\.0 or newer is needed/,
    );
  });
});

describe('in an empty cluster', () => {
  useFakeTools({
    kubectl: `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *readyz*) echo ok ;;
    *) echo '{"kind": "List", "items": []}' ;;
    esac`,
  });
  it.each([
    [['logs', 'secruity'], 'logs: "secruity" is not known; expected api-gateway'],
    [['logs', '--since', 'yesterday'], "'--since <duration>' argument 'yesterday' is invalid"],
    [['logs', '--tail', 'all'], "'--tail <lines>' argument 'all' is invalid"],
    [['health', 'secruity'], 'health: "secruity" is not known'],
    [['resources', 'secruity'], 'resources: "secruity" is not known'],
    [['shell', 'secruity'], 'shell: "secruity" is not known'],
    [['shell', 'security'], 'security: has no running pod; see ./platform status'],
    [['database', 'api-gateway'], 'database: "api-gateway" has no database; expected ai-assistant'],
    [['database', 'security', '-c', ' '], 'expected SQL such as "select 1"'],
    [['database', 'security'], 'postgres-security: has no running pod'],
    [
      ['database', 'security', '--set', 'databases.engine=cloudnative-pg'],
      'databases.engine is cloudnative-pg',
    ],
    [['redis', 'PING'], 'redis: has no running pod'],
    [['restart', 'secruity'], 'restart: "secruity" is not known'],
    [['restart'], 'api-gateway: not deployed; see ./platform status'],
    [['restart', '--timeout', 'soon'], "'--timeout <seconds>' argument 'soon' is invalid"],
    [['scale', 'redis=2'], 'scale: "redis" is not known; expected api-gateway'],
    [['scale', 'security'], 'scale: "security" is not valid; expected SERVICE=N'],
    [['scale', 'security=2'], 'security: not deployed'],
    [['optimize', 'secruity'], 'optimize: "secruity" is not known'],
    [['optimize', '--seconds', '0'], "'--seconds <seconds>' argument '0' is invalid"],
    [['monitor'], 'monitor: nothing to forward; see ./platform status'],
    [['monitor', '--env', 'production', '--context', 'x'], 'monitor: production exposes no console'],
    [['network', '--probe'], 'api-gateway: has no running pod'],
    [['seed', '--env', 'production', '--context', 'x'], 'seed: production gets no test data'],
    [['test', 'secruity'], 'test: "secruity" is not a service; expected platform, api-gateway'],
  ])('%j is refused', async (args, message) => {
    await expect(output(...args)).rejects.toThrow(message);
  });
  it('health says what is not there, and that is not well', async () => {
    try {
      expect(await output('health', 'security')).toMatch(/security +not well +not deployed\n\n0 of 1 well/);
      expect(process.exitCode).toBe(1);
    } finally {
      process.exitCode = undefined;
    }
  });
});

describe('the local cluster', () => {
  useFakeTools({
    docker: `case "$*" in
    version*) echo 27.0.0 ;;
    'image ls'*) echo '{"ID":"1","Repository":"localhost/ai-assistants/security","Tag":"0.0.1","Size":"9MB"}' ;;
    *) echo "docker $*" >&2; exit 1 ;;
    esac`,
    kind: `case "$*" in
    version*) echo 'kind v0.30.0' ;;
    'get clusters') echo ai-assistants ;;
    'get nodes'*) echo ai-assistants-control-plane ;;
    *) echo "kind $*" >&2; exit 1 ;;
    esac`,
    kubectl: `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *) echo 'connection refused' >&2; exit 1 ;;
    esac`,
  });
  it('says what a stop would stop, and stops nothing', async () => {
    expect(await output('stop', '--dry-run')).toBe('would stop ai-assistants-control-plane\n');
  });
  it('is not there to be stopped under another name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kind-'));
    const file = join(folder, 'other.yaml');
    writeFileSync(file, 'kind: Cluster\nname: other\n');
    expect(await output('stop', '--cluster-config', file)).toBe('No kind cluster other: nothing to stop.\n');
    rmSync(folder, { recursive: true });
  });
  it('says what every verb of it would do, and does nothing', async () => {
    expect(await output('down', '--dry-run')).toBe(
      'would delete the kind cluster ai-assistants (ai-assistants-control-plane) with all its volumes: databases, backups, secrets\n',
    );
    expect(await output('start', '--dry-run', '--timeout', '90')).toBe(
      'would start ai-assistants-control-plane\nwould wait until everything is ready, at most 90 s\nwhere nothing was deployed yet: would do what ./platform up --no-build does\n',
    );
    const up = (await output('up', '--dry-run')).trim().split('\n');
    expect(up[0]).toBe('would start the nodes of ai-assistants that are stopped');
    expect(up).toContain(`would build localhost/ai-assistants/security:${PLATFORM_VERSION}`);
    expect(up.at(-1)).toBe('would wait until everything is ready, at most 600 s');
    const prepared = up.slice(
      0,
      up.findIndex((text) => text.includes('Secrets')),
    );
    expect(await output('setup', '--dry-run')).toBe(
      `${['would make the Python environment .venv (scripts/python-env)', ...prepared].join('\n')}\n`,
    );
    expect(await output('setup', '--no-python', '--no-build', '--dry-run')).toBe(
      `${prepared.filter((text) => !text.startsWith('would build')).join('\n')}\n`,
    );
  });
  it('is made where it is not there yet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kind-'));
    const file = join(folder, 'other.yaml');
    writeFileSync(file, 'kind: Cluster\nname: other\n');
    for (const verb of ['up', 'start', 'setup'])
      expect(await output(verb, '--dry-run', '--cluster-config', file)).toContain(
        'would create the kind cluster other\n',
      );
    rmSync(folder, { recursive: true });
  });
  it('says which images would be built', async () => {
    expect(await output('build', 'security', '--dry-run')).toBe(
      `would build localhost/ai-assistants/security:${PLATFORM_VERSION}\n`,
    );
    expect(JSON.parse(await output('build', 'security', '--dry-run', '--json'))).toEqual([
      { image: 'security', reference: `localhost/ai-assistants/security:${PLATFORM_VERSION}` },
    ]);
  });
  it('is not cleaned unless somebody says yes', async () => {
    expect(await output('clean', '--dry-run')).toMatch(
      /image +localhost\/ai-assistants\/security:0\.0\.1 +9MB/,
    );
    await expect(output('clean')).rejects.toThrow(
      'clean: not confirmed, and there is no terminal to ask on; add --yes',
    );
  });
  it('shows which tests would run', async () => {
    expect(await output('test', '--dry-run')).toBe('npm --silent test\n');
    expect(await output('test', 'security', '--dry-run')).toBe('npm --silent test -- --only security\n');
    expect(await output('test', 'platform', '--dry-run')).toBe('npm --silent test -- --only platform\n');
  });
});

describe('without Docker', () => {
  useFakeTools({ kind: 'echo kind v0.30.0', kubectl: 'echo "Client Version: v1.34.0"' });
  it.each([['start'], ['stop'], ['setup', '--no-python'], ['clean']])(
    '%s says where to get it',
    async (...args) => {
      await expect(output(...args)).rejects.toThrow(/^docker: not found, get it from https:/);
    },
  );
});
