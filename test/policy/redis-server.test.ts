/** Redis's rendered configuration on a real server: a snapshot that cannot be written stops nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { redisConf } from '../../charts/data/redis.ts';
import { redisServer } from '../../scripts/gates/redis.ts';
import { configOf } from '../support/objects.ts';

function server(): string {
  const found = redisServer();
  if (!found) throw new Error('no Redis: run scripts/python-env, or set REDIS_SERVER');
  return found;
}

describe('Redis, whose volume can no longer be written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const socket = join(folder, 'redis.sock');
  let running: ChildProcess;
  let client: Socket;

  /** The reply to one command, as it came. */
  const ask = (...words: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      client.once('error', reject);
      client.once('data', (reply) => resolve(reply.toString()));
      client.write(`${words.join(' ')}\r\n`);
    });

  beforeAll(async () => {
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'auth.conf'), 'user default on ~* &* +@all >secret\n');
    const conf = redisConf(configOf('production'))
      .replace(/^port .*$/m, `port 0\nunixsocket ${socket}`)
      .replace('dir /data', `dir ${folder}/data`)
      .replace('/run/redis/', `${folder}/`);
    writeFileSync(join(folder, 'redis.conf'), conf);
    copyFileSync(server(), join(folder, 'redis-server'));
    chmodSync(join(folder, 'redis-server'), 0o755);
    running = spawn(join(folder, 'redis-server'), [join(folder, 'redis.conf')], { stdio: 'ignore' });
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 60_000 });
    client = connect(socket);
    expect(await ask('AUTH', 'secret')).toBe('+OK\r\n');
  });
  afterAll(() => {
    client?.destroy();
    running?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('is ready, reads and writes, and its metric says that the snapshot failed', async () => {
    expect(await ask('SET', 'kept', 'value')).toBe('+OK\r\n');
    rmSync(join(folder, 'data'), { recursive: true });
    expect(await ask('BGSAVE')).toContain('Background saving started');
    await vi.waitFor(
      async () => expect(await ask('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err'),
      { timeout: 60_000, interval: 100 },
    );
    expect(await ask('PING')).toBe('+PONG\r\n');
    expect(await ask('SET', 'kept', 'changed')).toBe('+OK\r\n');
    expect(await ask('GET', 'kept')).toBe('$7\r\nchanged\r\n');
  });
});
