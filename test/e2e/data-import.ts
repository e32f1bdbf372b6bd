/** Imports from Docker Compose volumes: a dump, SQL, or the data directory of an older server. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { thirdPartyImage } from '../../charts/config/images.ts';
import {
  DATABASE,
  expectTidy,
  FINGERPRINT,
  fingerprint,
  newBackup,
  platformJson,
  restored,
  SERVICE,
  sql,
} from './database.ts';
import { config, eventually, platform } from './support.ts';

const USER = DATABASE.replace('_db', '_user');

describe('an import of what Docker Compose left', () => {
  const container = `compose-${SERVICE}-${Date.now().toString(36)}`;
  const folder = mkdtempSync(join(tmpdir(), 'import-e2e-'));
  let expected = '';

  /** The output of a script. The shell writes dumps to files, so that they do not pass through this process. */
  const shell = (script: string, input = ''): string =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
      encoding: 'utf8',
      input,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, container, folder, USER_NAME: USER, DATABASE },
    }).trim();
  const old = (text: string): string =>
    shell(
      'docker exec -i -e PGTZ=UTC "$container" psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$USER_NAME" -d "$DATABASE"',
      text,
    );

  beforeAll(async () => {
    const { id } = await newBackup('--out', folder);
    const image = thirdPartyImage(config, 'postgres');
    shell(
      `docker run -d --name "$container" -e POSTGRES_USER="$USER_NAME" -e POSTGRES_DB="$DATABASE" -e POSTGRES_HOST_AUTH_METHOD=trust ${image}`,
    );
    // The first-start scripts run on a temporary server that listens on no address.
    await eventually(60, () => old('SELECT 1'));
    shell(
      `docker exec -i "$container" pg_restore --no-owner -U "$USER_NAME" -d "$DATABASE" < "$folder/${id}.dump"`,
    );
    old("CREATE TABLE e2e_marker (note text); INSERT INTO e2e_marker VALUES ('from Compose')");
    expected = old(FINGERPRINT);
  });
  afterAll(async () => {
    shell('docker rm --force --volumes "$container"');
    rmSync(folder, { recursive: true, force: true });
    sql('DROP TABLE IF EXISTS e2e_marker');
    await platform('backup', SERVICE);
  });

  const importFrom = async (path: string, what: string): Promise<void> => {
    sql('DROP TABLE IF EXISTS e2e_marker');
    const result = await platformJson(restored, 'import', SERVICE, '--from', path, '--yes');
    console.info(
      `${what}: ${result.tables.length} tables restored in ${result.restoredInSeconds} s, ${SERVICE} away for ${result.recoverySeconds} s`,
    );
    expect(fingerprint()).toBe(expected);
    expect(sql('SELECT note FROM e2e_marker')).toBe('from Compose');
    await expectTidy();
  };

  it('a dump in the custom format', async () => {
    shell('docker exec "$container" pg_dump -Fc -U "$USER_NAME" "$DATABASE" > "$folder/compose.dump"');
    await importFrom(join(folder, 'compose.dump'), 'custom dump');
  });
  it('SQL', async () => {
    shell('docker exec "$container" pg_dump -U "$USER_NAME" "$DATABASE" > "$folder/compose.sql"');
    await importFrom(join(folder, 'compose.sql'), 'SQL');
  });
  it('a data directory; a wrong service and a running server are refused', async () => {
    const path = join(folder, 'compose.tar');
    const copy = () => shell('docker cp "$container:/var/lib/postgresql/data" - > "$folder/compose.tar"');
    copy();
    expect(String((await platform('import', SERVICE, '--from', path, '--yes')).stderr)).toContain(
      'holds postmaster.pid',
    );
    shell('docker stop "$container"');
    copy();
    const { stderr } = await platform('import', 'security', '--from', path, '--yes');
    // The old server's roles and databases are those of its own service.
    expect(String(stderr)).toMatch(/: no role postgres or security_user in it; nothing was changed$/);
    await importFrom(path, 'data directory');
  });
});
