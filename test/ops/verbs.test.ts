/** What is true of every verb, and what the verbs that look at a cluster say when they cannot. */
import { describe, expect, it } from 'vitest';
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
      /^cluster kind-nowhere: not reachable \(.*was refused\); start the local one with \.\/platform up, or name another/,
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
