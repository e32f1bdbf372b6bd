import { describe, expect, it } from 'vitest';
import {
  atLeast,
  diskRow,
  inotifyRow,
  lackingOf,
  machineRow,
  type Tool,
  toolRow,
} from '../../ops/core/required-tools.ts';

const tool: Tool = {
  probe: ['version'],
  pattern: /v(\d+\.\d+\.\d+)/,
  minimum: '1.28.0',
  neededFor: 'every cluster',
  source: 'https://example.com',
};

describe('versions', () => {
  it.each([
    ['1.28.0', '1.28', true],
    ['1.28', '1.28.0', true],
    ['1.9.9', '1.28', false],
    ['2', '1.28', true],
    ['20.10.24', '20.10', true],
  ])('%s is at least %s: %s', (version, minimum, expected) => {
    expect(atLeast(version, minimum)).toBe(expected);
  });
});

describe('a tool', () => {
  it.each([
    ['is ok', { output: 'Client Version: v1.34.1\n' }, 'ok', '1.34.1', ''],
    ['is too old', { output: 'v1.20.3' }, 'too old', '1.20.3', 'https://example.com'],
    ['is missing', 'missing', 'missing', '', 'https://example.com'],
    ['prints something else', { output: 'hello' }, 'does not work', '', 'hello'],
    ['fails', { problem: 'no daemon' }, 'does not work', '', 'no daemon'],
  ] as const)('%s', (_, probed, state, found, next) => {
    const row = toolRow('kubectl', tool, probed);
    expect(row).toMatchObject({ name: 'kubectl', state, found, needed: '1.28.0 or newer' });
    expect(row.next).toContain(next);
  });
  it('is lacking when it is needed', () => {
    const needed = toolRow('kubectl', tool, 'missing');
    const optional = toolRow('helm', { ...tool, optional: true }, 'missing');
    expect(lackingOf([needed, optional, toolRow('kubectl', tool, { output: 'v1.30.0' })])).toEqual([needed]);
  });
});

describe('the machine', () => {
  it.each([
    ['2 8323493888', 'ok'],
    ['8 34359738368', 'ok'],
    ['1 34359738368', 'too small'],
    ['4 4294967296', 'too small'],
    ['', 'too small'],
  ])('%s: %s', (info, state) => {
    expect(machineRow(info).state).toBe(state);
  });
  it.each([
    [25, 'ok'],
    [5, 'too small'],
  ])('%d GiB of disk: %s', (gib, state) => {
    expect(diskRow(gib * 2 ** 30)).toMatchObject({ state, optional: true });
  });
  it.each([
    [512, 524_288, 'ok', ''],
    [128, 524_288, 'too small', 'sudo sysctl fs.inotify.max_user_instances=512'],
    [
      128,
      8192,
      'too small',
      'sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288',
    ],
  ])('%d inotify instances and %d watches: %s', (instances, watches, state, next) => {
    expect(inotifyRow({ instances, watches })).toMatchObject({ state, next, optional: true });
  });
});
