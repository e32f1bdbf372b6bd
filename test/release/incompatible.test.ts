/**
 * A release with a migration that the previous release does not work with. It is refused, then deployed with
 * `--allow-incompatible`, then rolled back with the backup that the deploy made. The rollback loses what was written since
 * the backup, as the command says, and restores everything older.
 *
 *     ./platform up --values test/e2e/lab.yaml && npm run test:release -- test/release/incompatible.test.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, SERVICE, sql } from '../e2e/database.ts';
import { CONTEXT, config, imageNow, ROOT, type Run, timed, topology, VALUES } from '../e2e/support.ts';
import { history, imageOf, tagImages } from './images.ts';

const MINUTES = 60_000;
const TABLES = "SELECT relname FROM pg_class WHERE relname IN ('of_the_release', 'written_since') ORDER BY 1";
const stamp = Date.now().toString(36);
const [BASE, NEXT] = [`${stamp}-base`, `${stamp}-incompatible`];

const platform = (...args: readonly string[]): Promise<Run> =>
  timed(...args, '--context', CONTEXT, '--values', VALUES, '--yes');
const deploy = (tag: string, ...more: readonly string[]): Promise<Run> =>
  platform('deploy', 'dev', '--set', `images.tag=${tag}`, ...more);

const MIGRATIONS = join(ROOT, 'services', SERVICE, SERVICE, 'migrations');

/** Builds the service's image with one revision more than the newest. */
function buildWithRevision(tag: string): void {
  const numbers = readdirSync(MIGRATIONS).flatMap((file) => /^(\d{4})_.*\.py$/.exec(file)?.[1] ?? []);
  const head = numbers.toSorted().at(-1);
  const spec = topology.services.find(({ name }) => name === SERVICE);
  if (!head || !spec) throw new Error(`${SERVICE} has no migrations in ${MIGRATIONS}`);
  const context = mkdtempSync(join(tmpdir(), 'incompatible-'));
  try {
    writeFileSync(
      join(context, 'revision.py'),
      `"""A table of this release."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "${head}"
branch_labels = None
depends_on = None
backward_compatible = False


def upgrade() -> None:
    op.create_table("of_the_release", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("of_the_release")
`,
    );
    const dockerfile = `FROM ${imageOf(spec, config.images.tag)}\nCOPY revision.py ${SERVICE}/migrations/9999_of_the_release.py\n`;
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    execFileSync('docker', ['build', '--quiet', '--tag', imageOf(spec, tag), context], { stdio: 'pipe' });
  } finally {
    rmSync(context, { recursive: true });
  }
}

beforeAll(async () => {
  tagImages(BASE);
  tagImages(NEXT);
  buildWithRevision(NEXT);
  const { exitCode, stderr, stdout } = await deploy(BASE, '--no-backup');
  expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
}, 10 * MINUTES);

afterAll(async () => {
  await platform('deploy', 'dev', '--no-backup');
}, 10 * MINUTES);

describe('a release with an incompatible migration', () => {
  let before = '';

  it('is refused unless it is asked for, and nothing is changed', { timeout: 10 * MINUTES }, async () => {
    before = fingerprint();
    const { exitCode, stderr } = await deploy(NEXT, '--no-backup');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('revision 9999 is not backward compatible');
    expect(stderr).toContain('`deploy --allow-incompatible` applies it');
    expect(fingerprint()).toBe(before);
    expect(imageNow(SERVICE)).toContain(BASE);
  });

  it('is deployed when it is, after a backup', { timeout: 10 * MINUTES }, async () => {
    const { exitCode, stderr, stdout, seconds } = await deploy(NEXT, '--allow-incompatible');
    expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
    expect(imageNow(SERVICE)).toContain(NEXT);
    const owner = sql("SELECT tableowner FROM pg_tables WHERE tablename = 'of_the_release'");
    sql(`SET ROLE ${owner}; CREATE TABLE written_since (id int)`);
    expect(sql(TABLES).split('\n')).toEqual(['of_the_release', 'written_since']);
    console.info(`deployed with backups in ${seconds} s`);
  });

  it('is not gone back from without its backup', async () => {
    const { exitCode, stderr } = await platform('rollback', 'dev');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`does not work with the databases of ${SERVICE}`);
    expect(stderr).toContain('--restore-backup');
    expect(imageNow(SERVICE)).toContain(NEXT);
  });

  it('is gone back from with it: the database is what it was', { timeout: 10 * MINUTES }, async () => {
    const { exitCode, stderr, stdout, seconds } = await platform('rollback', 'dev', '--restore-backup');
    expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
    for (const { name } of topology.services) expect(imageNow(name)).toContain(BASE);
    expect(sql(TABLES)).toBe('');
    expect(fingerprint()).toBe(before);
    expect((await history())[0]).toMatchObject({ action: expect.stringMatching(/^rollback to \d+$/) });
    console.info(`gone back, with the database, in ${seconds} s`);
  });
});
