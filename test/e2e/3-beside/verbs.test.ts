/** The verbs of the command that do not change the stores, as a person types them. */
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call, eventually, kubectl, NAMESPACE, platform, type Run, timed, VALUES } from '../support.ts';
import { done, withValues } from '../verbs.ts';

describe('looking', () => {
  it('optimize: suggests from what it saw', async () => {
    const found = JSON.parse(await done(timed('optimize', 'redis', '--seconds', '15', '--json')));
    const server = found.find(({ container }: { container: string }) => container === 'redis');
    expect(server).toMatchObject({ component: 'redis', samples: 2 });
  });
  it('logs: finds one request at the edge, in the gateway and in the service', async () => {
    const answer = await call('/api/security/threats');
    const id = String(answer.headers['x-request-id']);
    expect(id).toMatch(/^[\w-]{16,}$/);
    // The gateway refuses a request without a token: the direct route reaches the service.
    const direct = await call('/security/threats', { headers: { 'x-request-id': id } });
    expect([answer.status, direct.status]).toEqual([401, 401]);
    const components = await eventually(20, async () => {
      const lines = (await done(timed('logs', '--request-id', id, '--since', '2m', '--json'))).split('\n');
      const found = new Set(lines.filter((line) => line !== '').map((line) => JSON.parse(line).component));
      expect([...found]).toEqual(expect.arrayContaining(['api-gateway', 'security']));
      return [...found];
    });
    console.info(`logs --request-id ${id}: ${components.join(', ')}`);
  });
  it('monitor: names the consoles and their pods', async () => {
    const consoles = JSON.parse(await done(withValues('monitor', '--json')));
    expect(consoles).toContainEqual(
      expect.objectContaining({ title: 'Prometheus', address: 'http://127.0.0.1:9090' }),
    );
    expect(consoles).toContainEqual(expect.objectContaining({ title: 'Redis', pod: 'redis-0' }));
  });
  it('monitor: a port that is taken ends it with a line that names it', async () => {
    const taken = createServer().listen(6379, '127.0.0.1');
    try {
      const { stderr, exitCode } = await withValues('monitor');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^error: pod\/redis-0: port 6379 not forwarded \(.*6379/);
    } finally {
      taken.close();
    }
  });
  it('monitor: forwards until Ctrl-C, which is no failure', async () => {
    const running = platform('monitor', '--values', VALUES);
    await eventually(30, async () => {
      const answer = await fetch('http://127.0.0.1:9090/-/ready');
      expect(answer.status).toBe(200);
    });
    running.kill('SIGINT');
    expect((await running).exitCode).toBe(0);
  });
});

describe('inside', () => {
  it("database: is the service's own user at its own database, and postgres when asked for", async () => {
    const sql = 'select current_user, current_database()';
    expect(await done(timed('database', 'security', '--csv', '-c', sql))).toContain(
      'security_user,security_db',
    );
    expect(await done(timed('database', 'security', '--csv', '--superuser', '-c', sql))).toContain(
      'postgres,security_db',
    );
    expect((await platform('database', 'security', '-c', 'select wrong')).exitCode).toBe(3);
  });
  it('redis: answers, and an error reply is an exit status', async () => {
    expect(await done(timed('redis', 'PING'))).toBe('PONG');
    expect((await platform('redis', 'NONSENSE')).exitCode).toBe(1);
  });
  it('shell: runs in a container, and says so where the image has none', async () => {
    expect(await done(timed('shell', 'analytics', '-c', 'id -u'))).toBe('1001');
    const { stderr, exitCode } = await platform('shell', 'api-gateway');
    expect(stderr).toBe('error: shell: the image of api-gateway has no shell; add --debug for one beside it');
    expect(exitCode).toBe(1);
    expect(await done(timed('shell', 'api-gateway', '--debug', '-c', 'echo here'))).toContain('here');
  });
});

describe('changing', () => {
  it('scale: up and down, waiting each time', async () => {
    const pods = () =>
      kubectl('get', 'deployment', 'security', '-n', NAMESPACE, '-o', 'jsonpath={.status.readyReplicas}');
    await done(withValues('scale', 'security=2'));
    expect(pods()).toBe('2');
    await done(withValues('scale', 'security=1'));
    expect(pods()).toBe('1');
    expect((await withValues('scale', 'security=0')).stderr).toContain('not confirmed');
    expect(pods()).toBe('1');
  });
  it('restart: loses no request', async () => {
    const statuses: number[] = [];
    let over = false;
    const asking = (async () => {
      while (!over) {
        statuses.push((await call('/security/threats')).status);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    })();
    const { seconds } = await restarted();
    over = true;
    await asking;
    console.info(`restart: ${seconds} s, ${statuses.length} requests: ${[...new Set(statuses)].join(', ')}`);
    expect(statuses.length).toBeGreaterThan(5);
    // Without a token the service answers 401, or 429 when this address asked too often; never 5xx.
    expect(statuses.filter((status) => status !== 401 && status !== 429)).toEqual([]);

    async function restarted(): Promise<Run> {
      const run = await withValues('restart', 'security');
      expect(run.exitCode, run.stderr).toBe(0);
      return run;
    }
  });
  it('clean: shows what it would remove, and removes nothing unless it is told to', async () => {
    // Jobs of the concurrent tests end meanwhile.
    const listed = async () => {
      const all: readonly { readonly kind: string }[] = JSON.parse(await done(timed('clean', '--json')));
      return all.filter(({ kind }) => kind !== 'job');
    };
    const before = await listed();
    const { exitCode, stderr } = await platform('clean');
    // Without a job beside it, too, an empty list has nothing to confirm.
    if (before.length === 0 && exitCode === 0) expect(stderr).not.toContain('not confirmed');
    else expect([exitCode, stderr]).toEqual([1, expect.stringContaining('not confirmed')]);
    expect(await listed()).toEqual(before);
  });
});
