import { describe, expect, it } from 'vitest';
import { SERVICES } from '../../charts/topology.ts';
import { backupFrom, databasesOf } from '../../ops/core/backup.ts';
import { cronJob, jobFrom, jobStatus, jobSuffix, outcomeOf } from '../../ops/core/jobs.ts';
import { inParallel } from '../../ops/tools/parallel.ts';
import { configOf, find, render, WITH_DATABASE } from '../support/objects.ts';

describe('which databases', () => {
  it('all that there are, by the names of the environment', () => {
    const all = databasesOf('backup', configOf('staging'), SERVICES);
    expect(all).toHaveLength(WITH_DATABASE.length);
    expect(all).toContainEqual({
      service: 'security',
      database: 'security_staging_db',
      user: 'security_staging',
      backup: 'backup-security',
    });
  });
  it.each([
    ['secruity', '"secruity" is no service with a database; expected ai-assistant, '],
    ['api-gateway', '"api-gateway" is no service with a database'],
  ])('%s is refused', (name, message) => {
    expect(() => databasesOf('backup', configOf('dev'), SERVICES, [name])).toThrow(message);
  });
  it('none where backups are switched off', () => {
    const config = configOf('dev', [{ backups: { enabled: false } }]);
    expect(() => databasesOf('backup', config, SERVICES)).toThrow('backup: backups.enabled is false in dev');
  });
});

describe('a job from a CronJob', () => {
  const template = cronJob.parse(find(render('dev'), 'CronJob', 'backup-security'));
  const job = jobFrom(template, {
    suffix: 'x1',
    env: { PGDATABASE: 'other', EXTRA: '1' },
    command: ['bash'],
  });
  const [container] = JSON.parse(JSON.stringify(job.spec)).template.spec.containers;
  it('is tried once and is not in the inventory', () => {
    expect(job).toMatchObject({
      metadata: { name: 'backup-security-x1', namespace: 'assistants' },
      spec: { backoffLimit: 0, activeDeadlineSeconds: 3600 },
    });
    expect(job.metadata).not.toHaveProperty('labels');
  });
  it('sets variables instead of and besides those of the template', () => {
    expect(container.env).toContainEqual({ name: 'PGDATABASE', value: 'other' });
    expect(container.env).toContainEqual({ name: 'EXTRA', value: '1' });
    expect(container.env).toContainEqual({ name: 'PGUSER', value: 'security_user' });
    expect(container.env.filter(({ name }: { name: string }) => name === 'PGDATABASE')).toHaveLength(1);
    expect(container.command).toEqual(['bash']);
  });
  it('keeps the command of the template otherwise', () => {
    const [plain] = JSON.parse(JSON.stringify(jobFrom(template, { suffix: 'x1' }).spec)).template.spec
      .containers;
    expect(plain.command).toEqual(['bash', '/scripts/backup.sh']);
  });
  it('has names that sort by age', () => {
    const [first, second] = [jobSuffix(new Date('2026-01-01')), jobSuffix(new Date('2026-01-02'))];
    expect(first < second).toBe(true);
    expect(first).toMatch(/^[a-z0-9]{8}$/);
  });
});

describe('what became of a job', () => {
  it.each([
    [{}, { state: 'running' }],
    [{ conditions: [{ type: 'Complete', status: 'False' }] }, { state: 'running' }],
    [
      {
        startTime: '2026-01-01T00:00:00Z',
        completionTime: '2026-01-01T00:00:09Z',
        conditions: [{ type: 'Complete', status: 'True' }],
      },
      { state: 'done', seconds: 9 },
    ],
    [
      { conditions: [{ type: 'Failed', status: 'True', message: 'too long' }] },
      { state: 'failed', message: 'too long' },
    ],
  ])('%j', (status, outcome) => {
    expect(outcomeOf(jobStatus.parse({ status }))).toEqual(outcome);
  });
});

describe('what a backup says', () => {
  it('is read from the last line', () => {
    const log =
      'NOTICE: x\nbackup of security_db: 1234 bytes, 7 tables, /backups/security_db-20260101T021500Z.dump\n';
    expect(backupFrom('security', log, 3)).toEqual({
      service: 'security',
      id: 'security_db-20260101T021500Z',
      bytes: 1234,
      tables: 7,
      seconds: 3,
    });
  });
  it('is missed when it is not there', () => {
    expect(() => backupFrom('security', 'done\n', 3)).toThrow('backup of security: its job ended without');
  });
});

describe('in parallel', () => {
  it('keeps the order, and the limit', async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([30, 10, 20, 5], 2, async (milliseconds) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      running -= 1;
      return milliseconds;
    });
    expect(results).toEqual([30, 10, 20, 5]);
    expect(most).toBe(2);
  });
  it('begins nothing after a failure, and waits for what runs', async () => {
    const done: number[] = [];
    const work = async (item: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, item === 1 ? 1 : 20));
      if (item === 1) throw new Error('first');
      done.push(item);
    };
    await expect(inParallel([1, 2, 3, 4], 2, work)).rejects.toThrow('first');
    expect(done).toEqual([2]);
  });
});
