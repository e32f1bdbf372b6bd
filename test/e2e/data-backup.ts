/**
 * Restores: the command finds damage, brings back a dropped table, and continues a killed restore.
 * The tests use `./platform` for everything, on the cluster that it started.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cronJob, jobFrom, jobSuffix } from '../../ops/core/jobs.ts';
import { parseObjects } from '../../ops/core/objects.ts';
import {
  DATABASE,
  databases,
  expectTidy,
  fingerprint,
  newBackup,
  restore,
  SERVICE,
  sql,
} from './database.ts';
import { eventually, kubectl, kubectlInput, NAMESPACE, platform } from './support.ts';

/** Enough rows to interrupt a restore in the middle. */
const ROWS = 150_000;

const restoredBy = (): string =>
  sql(
    `SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = '${DATABASE}'`,
    'postgres',
  );

/** Runs a command with write access to the backups, which nothing else has. */
function inVolume(script: string): void {
  const [template] = parseObjects(
    cronJob,
    kubectl('get', 'cronjob', `backup-${SERVICE}`, '-n', NAMESPACE, '-o', 'json'),
  );
  if (!template) throw new Error('no CronJob');
  const job = jobFrom(template, {
    suffix: `e2e-${jobSuffix(new Date())}`,
    command: ['bash', '-euc', script],
  });
  kubectlInput(JSON.stringify(job), 'create', '-f', '-');
  const name = job.metadata.name;
  kubectl('wait', '-n', NAMESPACE, `job/${name}`, '--for=condition=Complete', '--timeout=120s');
  kubectl('delete', 'job', name, '-n', NAMESPACE, '--wait=false');
}

describe('backups', () => {
  beforeAll(() => {
    sql(`DROP TABLE IF EXISTS e2e_ledger;
CREATE TABLE e2e_ledger (id bigint PRIMARY KEY, at timestamptz NOT NULL, note text NOT NULL);
INSERT INTO e2e_ledger SELECT n, now(), repeat(md5(n::text), 4) FROM generate_series(1, ${ROWS}) AS n;
ALTER TABLE e2e_ledger OWNER TO ${DATABASE.replace('_db', '_user')};`);
  });
  afterAll(async () => {
    sql('DROP TABLE IF EXISTS e2e_ledger');
    await platform('backup', SERVICE);
  });

  describe('a backup', () => {
    it('is verified table by table, and one flipped byte is found and named', async () => {
      const { id, bytes, verified } = await newBackup('--verify');
      expect(verified?.tables.length).toBeGreaterThan(3);
      expect(new Set(verified?.tables.map(({ verdict }) => verdict))).toEqual(new Set(['equal']));
      console.info(
        `backup of ${bytes} bytes verified: ${verified?.tables.length} tables equal, restored in ${verified?.restoredInSeconds} s, data ${verified?.ageSeconds} s old`,
      );
      inVolume(`file=/backups/${id}.dump; at=$(($(stat -c %s "$file") / 2))
      byte=$(od -An -tu1 -j "$at" -N 1 "$file"); printf "\\\\x$(printf %x $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none`);
      const { exitCode, stderr } = await platform('backup', SERVICE, '--existing', id, '--verify');
      inVolume(`rm /backups/${id}.*`);
      console.info(String(stderr));
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`damaged: ${id}.dump`);
    });
    it('is no request: time limits of the server, whatever they are, do not end it', async () => {
      const limits = ['statement_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout'];
      const role = DATABASE.replace('_db', '_user');
      sql(limits.map((limit) => `ALTER ROLE ${role} SET ${limit} = '1ms';`).join('\n'));
      try {
        const { verified } = await newBackup('--verify');
        expect(new Set(verified?.tables.map(({ verdict }) => verdict))).toEqual(new Set(['equal']));
      } finally {
        sql(`ALTER ROLE ${role} RESET ALL`);
      }
    });
  });

  describe('a restore', () => {
    it('brings back a dropped table, every row and hash equal', async () => {
      const before = fingerprint();
      const { id } = await newBackup();
      sql('DROP TABLE e2e_ledger');
      expect(fingerprint()).not.toBe(before);
      const { recoverySeconds, ageSeconds, restoredInSeconds, tables, safety } = await restore(id);
      console.info(
        `dropped table: ${tables.length} tables restored in ${restoredInSeconds} s, ${SERVICE} away for ${recoverySeconds} s, data ${ageSeconds} s old`,
      );
      expect(fingerprint()).toBe(before);
      expect(safety).toMatch(new RegExp(`^${DATABASE}-`));
      await expectTidy();
    });

    it.each([
      ['while it fills the new database', (): boolean => databases().includes(`${DATABASE}_restoring`)],
      ['after it swapped the databases', (): boolean => restoredBy() !== mark],
    ])('killed %s goes on when run again, and ends in the same state', async (_, reached) => {
      const before = fingerprint();
      const { id } = await newBackup();
      sql('DELETE FROM e2e_ledger WHERE id % 2 = 0');
      mark = restoredBy();
      const running = platform('restore', SERVICE, '--from', id, '--yes');
      await eventually(150, () => expect(reached()).toBe(true));
      running.kill('SIGKILL');
      const pods = kubectl(
        'get',
        'pods',
        '-n',
        NAMESPACE,
        '-l',
        `app.kubernetes.io/name=restore-${SERVICE}`,
        '-o',
        'name',
      );
      kubectl('delete', '-n', NAMESPACE, ...pods.trim().split('\n'), '--grace-period=0', '--force');
      await running;
      // Both possible databases are whole: one with half the ledger, one with all of it.
      expect(['75000', '150000']).toContain(sql('SELECT count(*) FROM e2e_ledger'));
      const started = Date.now();
      await restore(id);
      console.info(`killed and run again: done after ${Math.round((Date.now() - started) / 1000)} s`);
      expect(fingerprint()).toBe(before);
      await expectTidy();
    });

    it('that is interrupted brings the service back, with the old database or the new one', async () => {
      const { id } = await newBackup();
      const restored = fingerprint();
      sql('DELETE FROM e2e_ledger WHERE id = 1');
      const before = fingerprint();
      const running = platform('restore', SERVICE, '--from', id, '--yes');
      await eventually(150, () => expect(databases()).toContain(`${DATABASE}_restoring`));
      running.kill('SIGINT');
      const { exitCode, stderr } = await running;
      expect(stderr).toBe('error: interrupted; run the command again to go on');
      expect(exitCode).toBe(130);
      // On a fast machine the swap may come before the signal.
      expect([before, restored]).toContain(fingerprint());
      await expectTidy();
    });
    let mark = '';
  });
});
