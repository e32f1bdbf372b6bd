/** backup, restore and import against a fake kubectl that records its commands. */
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
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { commandLine } from '../support/command.ts';
import { find, render } from '../support/objects.ts';

const ID = 'security_db-20260101T021500Z';
const cronJobs = (name: string): string => JSON.stringify(find(render('dev'), 'CronJob', name));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-verbs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** @param answers what kubectl does for each pattern of its arguments, as lines of shell. */
function playCluster(answers: Readonly<Record<string, string>>): void {
  const cases = Object.entries(answers).map(([pattern, script]) => `  ${pattern}) ${script};;`);
  const text = `#!/bin/bash\nargs="$*"\necho "$args" >>'${folder}/calls'\ncase "$args" in\n  'version --client') echo 'Client Version: v1.34.0';;\n${cases.join('\n')}\n  *) ;;\nesac\n`;
  writeFileSync(join(folder, 'kubectl'), text);
  chmodSync(join(folder, 'kubectl'), 0o755);
}

const calls = (): string =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '';
const surroundings = () => ({ cwd: folder, env: { PATH: `${folder}:${process.env.PATH}` } });
const platform = (...args: string[]) => commandLine(args, surroundings());

/** A cluster with one backup of security. */
const CLUSTER = {
  '*"get cronjob"*': `cat <<'JSON'\n${cronJobs('restore-drill-security')}\nJSON\n`,
  '*"get job"*': `echo '{"status":{"startTime":"2026-01-01T00:00:00Z","completionTime":"2026-01-01T00:00:01Z","conditions":[{"type":"Complete","status":"True"}]}}'`,
  '*logs*': `echo 'backup ${ID} 10 2 backup 0'`,
};

describe('no cluster', () => {
  it.each([['backup'], ['backup', '--list'], ['restore', 'security', '--yes']])(
    '%j says so and does nothing',
    async (...args) => {
      playCluster({ '*readyz*': 'echo "The connection to the server was refused" >&2; exit 1' });
      const { exitCode, stderr } = await platform(...args);
      expect(stderr).toMatch(
        /^error: cluster kind-ai-assistants: not reachable \(.*refused\); start the local one/,
      );
      expect(exitCode).toBe(1);
      expect(calls()).not.toMatch(/create|scale|delete|apply/);
    },
  );
});

describe('a tool that is missing', () => {
  it('is named, with where to get it', async () => {
    const links = ['bash', 'sh', 'env', 'dirname', 'readlink', 'realpath', 'cat'].map(
      (name) => `ln -s $(command -v ${name}) ${name}`,
    );
    await execa('bash', ['-c', `cd ${folder}; ${links.join('; ')}; ln -s ${process.execPath} node`]);
    const { exitCode, stderr } = await execa(`${ROOT}/platform`, ['backup', '--list'], {
      reject: false,
      env: { PATH: folder },
      extendEnv: false,
    });
    expect(stderr).toMatch(/^error: kubectl: not found, get it from https:/);
    expect(exitCode).toBe(1);
  });
});

describe('a question without an answer', () => {
  it('restore: nothing is changed', async () => {
    playCluster(CLUSTER);
    const { exitCode, stderr, stdout } = await platform('restore', 'security');
    expect(stdout).toContain('Stops security');
    expect(stderr).toBe('error: restore: not confirmed, and there is no terminal to ask on; add --yes');
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/scale|apply|restore-security-/);
  });
  it('import: nothing is changed', async () => {
    playCluster(CLUSTER);
    writeFileSync(join(folder, 'a.sql'), 'SELECT 1;\n');
    const { exitCode, stderr } = await platform('import', 'security', '--from', 'a.sql');
    expect(stderr).toBe('error: import: not confirmed, and there is no terminal to ask on; add --yes');
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/create|scale|apply|exec/);
  });
});

describe('a dry run', () => {
  it('restore: says what would be done and does nothing', async () => {
    playCluster(CLUSTER);
    const { exitCode, stdout } = await platform('restore', 'security', '--dry-run', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ service: 'security', backup: ID });
    expect(calls()).not.toMatch(/scale|apply/);
  });
});

const REDIS_POD = `echo '{"kind":"List","items":[{"metadata":{"name":"redis-0","namespace":"assistants","labels":{"app.kubernetes.io/name":"redis"}},"spec":{"containers":[{"name":"redis"}]},"status":{"phase":"Running"}}]}'`;

describe('Redis', () => {
  it('everything: a dry run names it and does nothing', async () => {
    playCluster(CLUSTER);
    const { exitCode, stdout } = await platform('backup', '--all', '--dry-run', '--out', 'all');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('would save Redis, the names of the Secrets and the release into all');
    expect(stdout).toContain('would dump security_db into volume backup-security, fetch it into all');
    expect(existsSync(join(folder, 'all'))).toBe(false);
    expect(calls()).not.toMatch(/create|exec/);
  });
  it.each([
    [['backup', 'security', '--all'], 'backup: --all is a new backup of everything'],
    [['backup', '--all', '--list'], 'backup: --all is a new backup of everything'],
    [['restore', 'redis', '--yes'], 'restore: redis has no backups in the cluster; name one with --from'],
    [['restore', 'redis', '--from', 'none.rdb', '--yes'], 'restore: "none.rdb" does not exist'],
    [['restore', 'redis', '--from', 'text.rdb', '--yes'], 'restore: "text.rdb" is no snapshot of Redis'],
    [['restore', 'redis', '--from', 'good.rdb'], 'restore: not confirmed'],
  ])('%j is refused', async (args, message) => {
    playCluster(CLUSTER);
    writeFileSync(join(folder, 'text.rdb'), 'hello');
    writeFileSync(join(folder, 'good.rdb'), 'REDIS0011');
    const { exitCode, stderr } = await platform(...args);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/exec|create/);
  });
  it('a snapshot that is damaged changes nothing', async () => {
    playCluster({
      ...CLUSTER,
      '*"get pods"*': REDIS_POD,
      '*exec*restore.rdb*': 'cat >/dev/null; echo "fatal: wrong checksum" >&2; exit 1',
    });
    writeFileSync(join(folder, 'good.rdb'), 'REDIS0011');
    const args = ['restore', 'redis', '--from', 'good.rdb', '--no-safety-backup', '--yes'];
    const { exitCode, stderr } = await platform(...args);
    expect(stderr).toBe('error: restore: "good.rdb": wrong checksum; nothing was changed');
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/SHUTDOWN/);
  });
});

describe('what is asked for is not there', () => {
  it.each([
    [['restore', 'security', '--from', 'tuesday', '--yes'], '"tuesday" is no backup of security'],
    [['restore', 'security', '--from', 'x.dump', '--yes'], 'restore: "x.dump" is no backup of security_db'],
    [['restore', 'security', '--from', `./${ID}.dump`, '--yes'], `${ID}.dump" is missing`],
    [['backup', 'security', '--existing', 'tuesday', '--verify'], '"tuesday" is no backup of security'],
    [['backup', '--existing', ID, '--verify'], `--existing "${ID}" is of one service`],
  ])('%j', async (args, message) => {
    playCluster(CLUSTER);
    const { exitCode, stderr } = await platform(...args);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(1);
    expect(exitCode).toBe(1);
    expect(calls()).not.toMatch(/scale|apply/);
  });
  it('a cluster without the platform', async () => {
    playCluster({});
    const { exitCode, stderr } = await platform('backup', 'security');
    expect(stderr).toBe(
      'error: backup: the cluster has no CronJob assistants/backup-security; apply the platform first',
    );
    expect(exitCode).toBe(1);
  });
});

describe('an engine that restores by itself', () => {
  it.each([
    ['restore', 'security', '--yes'],
    ['import', 'security', '--from', 'nowhere'],
  ])('%j is refused', async (...args) => {
    const { exitCode, stderr } = await platform(...args, '--set', 'databases.engine=cloudnative-pg');
    expect(stderr).toContain(
      'databases.engine is cloudnative-pg, whose operator restores its clusters itself',
    );
    expect(exitCode).toBe(1);
  });
});

describe('Ctrl-C', () => {
  it('while a file is fetched leaves no file and no pod', async () => {
    playCluster({
      ...CLUSTER,
      '*"get pods"*': `echo '{"metadata":{"name":"reader","namespace":"assistants","creationTimestamp":"x"},"status":{"phase":"Running"}}'`,
      '*exec*': `touch '${folder}/started'; echo part; exec sleep 60`,
    });
    const args = ['backup', 'security', '--existing', 'latest', '--out', 'out'];
    const running = execa(`${ROOT}/platform`, args, { ...surroundings(), reject: false, stdin: 'ignore' });
    await vi.waitFor(() => expect(existsSync(join(folder, 'started'))).toBe(true), { timeout: 60_000 });
    running.kill('SIGINT');
    const { exitCode, stderr } = await running;
    expect(stderr).toBe('error: interrupted; run the command again to go on');
    expect(exitCode).toBe(130);
    expect(readdirSync(join(folder, 'out'))).toEqual([]);
    expect(calls().trim().split('\n').at(-1)).toMatch(/delete job restore-drill-security-/);
  });
});
