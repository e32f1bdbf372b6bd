/**
 * What a request costs with other people's clients: a server as the gateway's, which asks Redis what the gateway asks, then
 * the upstream, with the clients that UPSTREAM_CLIENT (own, fetch, undici) and REDIS_CLIENT (own, @redis/client, ioredis)
 * name. Run by contenders.ts in Deno, with the gateway's own modules for `own`.
 */
import { createServer } from 'node:http';
import process from 'node:process';
import { HttpClient } from '../../../services/api-gateway/src/client.ts';
import { Clock } from '../../../services/api-gateway/src/clock.ts';
import { Exchange } from '../../../services/api-gateway/src/exchange.ts';
import { Logger } from '../../../services/api-gateway/src/logging.ts';
import { Metrics } from '../../../services/api-gateway/src/metrics.ts';
import { ADMIT, admitWords } from '../../../services/api-gateway/src/rate_limit.ts';
import { RedisStore } from '../../../services/api-gateway/src/redis.ts';
import { RequestBody } from '../../../services/api-gateway/src/request_body.ts';
import { Upstream } from '../../../services/api-gateway/src/upstream.ts';

const { PORT, UPSTREAM_CLIENT, UPSTREAM_PORT, REDIS_CLIENT, REDIS_PORT, REDIS_PASSWORD } = process.env;
const ORIGIN = `http://127.0.0.1:${UPSTREAM_PORT}`;
const PATH = '/item';
const CONNECTIONS = 128;
const TIMES = { timeoutMs: 30_000, deadlineMs: 30_000, idleMs: 30_000 };
const LIMITS = { maxBodyBytes: 1, bodyTimeoutSeconds: 5 };
const HEADERS = [
  ['accept-encoding', 'identity'],
  ['x-request-id', '0123456789abcdef'],
  ['x-user-id', '6f1c0a52-7a0e-4c39-9d43-0a8f5b1f7c11'],
];
const quota = (name, subject) => ({ name, subject, perMinute: 1_000_000 });
const ADMISSION = {
  quotas: [quota('common', 'user:6f1c0a52'), quota('users', 'address:127.0.0.1')],
  login: { userId: '6f1c0a52', sessionId: 's', issuedAt: 1, otherwise: quota('common', 'address:127.0.0.1') },
};
const logger = new Logger('clients', '0', 'error', { write: (line) => process.stderr.write(`${line}\n`) });

const UPSTREAMS = {
  own() {
    const options = { name: 'items', upstream: ORIGIN };
    const upstream = new Upstream(options, new Metrics('0'), logger, new Clock());
    return async (exchange) => {
      const body = new RequestBody(exchange, LIMITS);
      const call = { exchange, target: PATH, headers: HEADERS, body, ...TIMES };
      const { head, body: bytes } = await upstream.call(call, () => undefined);
      return { status: head.status, headers: [], body: bytes };
    };
  },
  fetch() {
    return async () => {
      const response = await fetch(ORIGIN + PATH, { headers: HEADERS });
      return { status: response.status, headers: [], body: new Uint8Array(await response.arrayBuffer()) };
    };
  },
  async undici() {
    const { Pool } = await import('npm:undici@7.30.2');
    const pool = new Pool(ORIGIN, { connections: CONNECTIONS });
    const headers = HEADERS.flat();
    return async () => {
      const { statusCode, body } = await pool.request({ path: PATH, method: 'GET', headers });
      return { status: statusCode, headers: [], body: new Uint8Array(await body.arrayBuffer()) };
    };
  },
};

const [count, ...words] = admitWords(ADMISSION);
const STORES = {
  own() {
    const store = new RedisStore(
      { host: '127.0.0.1', port: Number(REDIS_PORT), password: REDIS_PASSWORD },
      logger,
    );
    store.start();
    return () => store.admit(ADMISSION);
  },
  async '@redis/client'() {
    const { createClient } = await import('npm:@redis/client@6.3.1');
    const client = createClient({
      socket: { host: '127.0.0.1', port: Number(REDIS_PORT) },
      password: REDIS_PASSWORD,
    });
    await client.connect();
    const script = await client.scriptLoad(ADMIT);
    const options = { keys: words.slice(0, Number(count)), arguments: words.slice(Number(count)) };
    return () => client.evalSha(script, options);
  },
  async ioredis() {
    const { Redis } = await import('npm:ioredis@6.0.0');
    const client = new Redis({ host: '127.0.0.1', port: Number(REDIS_PORT), password: REDIS_PASSWORD });
    const script = await client.script('LOAD', ADMIT);
    return () => client.evalsha(script, count, ...words);
  },
};

const [ask, decide] = await Promise.all([UPSTREAMS[UPSTREAM_CLIENT](), STORES[REDIS_CLIENT]()]);

async function serve(request, response) {
  const client = new HttpClient(request, response);
  try {
    await decide();
    await client.send(await ask(new Exchange(client, () => undefined)));
  } catch (error) {
    logger.error('a request failed', error);
    await client.send({ status: 502, headers: [], body: null });
  }
}

createServer({ keepAliveTimeout: 120_000 }, (request, response) => void serve(request, response)).listen(
  Number(PORT),
  '127.0.0.1',
);
