/** The container beside the exporter of a Redis elsewhere: it hands on the password, and its changes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { root } from '../support/objects.ts';

const ADDRESS = 'rediss://redis.example.com:6380';
let folder = '';
let running: ChildProcess | undefined;
const at = (name: string): string => join(folder, name);

/** The script, with its files and the exporter's port of this test. */
function script(port = 9121): string {
  const text = readFileSync(root('charts/data/scripts/redis-exporter.sh'), 'utf8')
    .replace('/run/secrets/redis/password', at('password'))
    .replace('RUN=/run/redis', `RUN=${folder}`)
    .replace('127.0.0.1/9121', `127.0.0.1/${port}`);
  writeFileSync(at('script.sh'), text);
  return at('script.sh');
}
const env = () => ({ PATH: process.env.PATH, REDIS_ADDR: ADDRESS, HEARTBEAT: at('heartbeat') });
const passwords = (): unknown => JSON.parse(readFileSync(at('exporter.json'), 'utf8'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redis-exporter-'));
  mkdirSync(folder, { recursive: true });
});
afterEach(() => {
  running?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('the password of a Redis elsewhere', () => {
  it.each([
    ['one', 'one'],
    ['in use\nnot yet\n', 'in use'],
    ['with "quotes" and \\ in it', 'with "quotes" and \\ in it'],
  ])('%j is there before the exporter starts, by the address', (text, password) => {
    writeFileSync(at('password'), text);
    const { status, stderr } = spawnSync('bash', [script(), 'start'], { env: env(), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(passwords()).toEqual({ [ADDRESS]: password });
  });

  it('that changes is told to the exporter, which may start later', { timeout: 200_000 }, async () => {
    const told: string[] = [];
    const exporter = createServer((request, answer) => {
      told.push(`${request.method} ${request.url}`);
      answer.end();
    });
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
    const place = exporter.address();
    const port = typeof place === 'object' ? place?.port : undefined;
    exporter.close();
    writeFileSync(at('password'), 'before');
    running = spawn('bash', [script(port), 'follow'], { env: env(), stdio: 'ignore' });
    await vi.waitFor(() => expect(existsSync(at('heartbeat'))).toBe(true), { timeout: 60_000 });
    exporter.listen(port, '127.0.0.1');
    await vi.waitFor(() => expect(told).toEqual(['POST /-/reload']), { timeout: 60_000 });
    writeFileSync(at('password'), 'after');
    await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 60_000 });
    expect(passwords()).toEqual({ [ADDRESS]: 'after' });
    exporter.close();
  });
});
