/** A real Redis server for the tests. */
import { freePort, waitUntil } from './support.ts';

export interface RedisServer {
  readonly port: number;
  readonly password: string;
  stop(): Promise<void>;
}

/** REDIS_SERVER, or a server on the PATH. */
export function findRedis(): string | undefined {
  const onPath = (Deno.env.get('PATH') ?? '').split(':')
    .flatMap((directory) => [`${directory}/redis-server`, `${directory}/valkey-server`]);
  return [Deno.env.get('REDIS_SERVER'), ...onPath].find((path) => path && isFile(path));
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Without a Redis server, a laptop skips these tests and continuous integration fails. */
export const redisTest = (name: string, run: () => Promise<void>) =>
  Deno.test({ name, ignore: !findRedis() && Deno.env.get('CI') !== 'true', fn: run });

export async function startRedis(
  port: number = freePort(),
  password: string = crypto.randomUUID(),
): Promise<RedisServer> {
  const found = findRedis();
  if (!found) throw new Error('No Redis: set REDIS_SERVER to a redis-server binary, or put one on the PATH.');
  const directory = await Deno.makeTempDir();
  const process = new Deno.Command(await executable(found, directory), {
    args: [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--requirepass',
      password,
      '--save',
      '',
      '--dir',
      directory,
    ],
    stdout: 'null',
    stderr: 'null',
  }).spawn();
  await waitUntil(() => listens(port));
  return {
    port,
    password,
    async stop() {
      process.kill('SIGKILL');
      await process.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Binaries out of Python packages have lost their executable bit. */
async function executable(path: string, directory: string): Promise<string> {
  if (((await Deno.stat(path)).mode ?? 0) & 0o111) return path;
  const copy = `${directory}/redis-server`;
  await Deno.copyFile(path, copy);
  await Deno.chmod(copy, 0o755);
  return copy;
}

async function listens(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: '127.0.0.1', port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
