/** What is compared: one upstream, asked directly, through nginx, and through the gateway. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Target } from './load.ts';
import { findDeno, findRedis, freePort, need, Program, ROOT } from './programs.ts';

const GATEWAY = join(ROOT, 'services', 'api-gateway');
const CLIENTS_FOLDER = join(ROOT, 'bench', 'gateway', 'clients');
const GATEWAY_HEAP = '--v8-flags=--max-old-space-size=256,--max-semi-space-size=8,--single-threaded-gc';
const BODY_BYTES = 1000;
const EVENT_PAUSE_MS = 50;
const EVENTS = 20;

export const DIRECT = 'directly';
export const NGINX = 'nginx';
export const THROUGH_GATEWAY = 'gateway';
const USERS = 100;
export const MANY_USERS = `${THROUGH_GATEWAY}, ${USERS} users`;

export interface Contender {
  readonly name: string;
  readonly json: Target;
  readonly stream?: Target;
  /** What stands between the client and the upstream. */
  readonly program?: Program;
  /** What `program` asks for every request. */
  readonly store?: Program;
}

export interface Setup {
  readonly contenders: readonly Contender[];
  stop(): Promise<void>;
}

/** A server as the gateway's that does nothing but ask Redis and the upstream, each with one client or another. */
const CLIENTS = [
  ['own', 'own'],
  ['fetch', 'own'],
  ['undici', 'own'],
  ['own', '@redis/client'],
  ['own', 'ioredis'],
] as const;
type Clients = (typeof CLIENTS)[number];

/** With clients: others are compared with those of the gateway, in the same run. */
export async function start(scratch: string, withClients: boolean): Promise<Setup> {
  const running: Program[] = [];
  const streams = await startStreams();
  const stop = async () => {
    for (const program of running.toReversed()) await program.stop();
    streams.server.closeAllConnections();
    await new Promise((resolve) => streams.server.close(resolve));
  };
  const keep = async (program: Promise<Program>) => {
    running.push(await program);
    return running.at(-1) as Program;
  };
  try {
    const [upstream, plain, limited, gatewayPort] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    const key = randomBytes(32).toString('hex');
    const one = [tokenFor(key)];
    const many = Array.from({ length: USERS }, () => tokenFor(key));
    await keep(startNginx('upstream', scratch, upstreamConfig(upstream), upstream));
    const proxy = await keep(
      startNginx('nginx', scratch, proxyConfig({ plain, limited, upstream, streams: streams.port }), plain),
    );
    const redis = { port: await freePort(), password: randomUUID() };
    const store = await keep(startRedis(scratch, redis));
    const routes = [route('items', upstream), route('streams', streams.port)];
    const gateway = await keep(startGateway(scratch, { port: gatewayPort, key, redis, routes }));
    const through = (port: number, tokens = one) => ({
      json: target(port, '/api/items/item', tokens),
      stream: target(port, '/api/streams/events', tokens),
    });
    const contenders: Contender[] = [
      { name: DIRECT, json: target(upstream, '/item', one), stream: target(streams.port, '/events', one) },
      { name: NGINX, ...through(plain), program: proxy },
      { name: `${NGINX} with limit_req`, ...through(limited), program: proxy },
      { name: THROUGH_GATEWAY, ...through(gatewayPort), program: gateway, store },
      { name: MANY_USERS, ...through(gatewayPort, many), program: gateway, store },
    ];
    for (const clients of withClients ? CLIENTS : []) {
      const port = await freePort();
      const program = await keep(startClients(scratch, clients, { port, upstream, redis }));
      const [http, ofRedis] = clients;
      const name = `http: ${http}, Redis: ${ofRedis}`;
      contenders.push({ name, json: target(port, '/item', one), program, store });
    }
    return { contenders, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const target = (port: number, path: string, tokens: readonly string[]): Target => ({
  url: `http://127.0.0.1:${port}${path}`,
  tokens,
});

/** A token as user-management issues it. */
function tokenFor(key: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ iss: 'ai-assistants', aud: 'ai-assistants', sub: randomUUID(), role: 'user' },
    ...{ jti: randomUUID(), iat: now, exp: now + 3600 },
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

/** Streams of server-sent events; the first event comes at once. */
async function startStreams(): Promise<{ server: Server; port: number }> {
  const port = await freePort();
  const server = createServer((_request, response) => {
    let left = EVENTS;
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const send = () => response.write(`event: delta\ndata: {"text":"${left}"}\n\n`);
    send();
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) send();
      else response.end();
    }, EVENT_PAUSE_MS);
    response.once('close', () => clearInterval(timer));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port };
}

/** One worker, as the gateway has one thread; connections to the upstream are kept, access lines written in bulk. */
const nginxConfig = (http: string) => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 75s;
  tcp_nodelay on;
${http}
}
`;

function upstreamConfig(port: number): string {
  const item = { id: randomUUID(), title: 'Stock balances', text: '' };
  const text = 'x'.repeat(BODY_BYTES - JSON.stringify(item).length);
  return nginxConfig(`
  access_log off;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / { default_type application/json; return 200 '${JSON.stringify({ ...item, text })}'; }
  }`);
}

interface Ports {
  readonly plain: number;
  readonly limited: number;
  readonly upstream: number;
  readonly streams: number;
}

/** The rate of limit_req is out of reach: requests are counted, none is refused. */
function proxyConfig({ plain, limited, upstream, streams }: Ports): string {
  const server = (port: number, limit: string) => `
  server {
    listen 127.0.0.1:${port} backlog=1024;
    ${limit}
    location /api/items/ { proxy_pass http://items/; }
    location /api/streams/ { proxy_buffering off; proxy_pass http://streams/; }
  }`;
  return nginxConfig(`
  log_format access escape=json '{"time":"$time_iso8601","method":"$request_method","path":"$uri","status":$status,"duration":$request_time,"client":"$remote_addr"}';
  access_log access.log access buffer=64k flush=1s;
  upstream items { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; }
  upstream streams { server 127.0.0.1:${streams}; keepalive 64; }
  limit_req_zone $http_authorization zone=users:10m rate=1000000r/s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Request-Id $request_id;
  ${server(plain, '')}
  ${server(limited, 'limit_req zone=users burst=1000000 nodelay;')}`);
}

function startNginx(name: string, scratch: string, config: string, port: number): Promise<Program> {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config);
  return Program.start(name, [need('nginx'), '-p', folder, '-c', file], scratch, {
    ready: () => listens(port),
  });
}

interface RedisAddress {
  readonly port: number;
  readonly password: string;
}

function startRedis(scratch: string, { port, password }: RedisAddress): Promise<Program> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--requirepass', password, '--save', ''];
  return Program.start('redis', [findRedis(scratch), ...options], scratch, { ready: () => listens(port) });
}

const route = (service: string, port: number) => ({
  ...{ prefix: `/api/${service}`, service, upstream: `http://127.0.0.1:${port}`, rewrite: '' },
  ...{ timeoutMs: 30_000, public: [] },
});

interface GatewayOptions {
  readonly port: number;
  readonly key: string;
  readonly redis: RedisAddress;
  readonly routes: readonly object[];
}

/** As its image starts it: with limits, tokens and access log. */
function startGateway(scratch: string, { port, key, redis, routes }: GatewayOptions): Promise<Program> {
  const { tasks } = JSON.parse(readFileSync(join(GATEWAY, 'deno.json'), 'utf8')) as {
    tasks: { start: string };
  };
  const [, ...args] = tasks.start.split(' ');
  const env = {
    ...{ HOST: '127.0.0.1', PORT: String(port), ENV: 'production', LOG_LEVEL: 'INFO', DRAIN_SECONDS: '0' },
    ...{ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port), REDIS_PASSWORD: redis.password },
    ...{ JWT_SECRET_KEY: key, RATE_LIMIT: '1000000', GATEWAY_ROUTES: JSON.stringify(routes) },
  };
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  return Program.start('gateway', [findDeno(), ...args], scratch, { cwd: GATEWAY, env, ready });
}

interface ClientsOptions {
  readonly port: number;
  readonly upstream: number;
  readonly redis: RedisAddress;
}

function startClients(
  scratch: string,
  [http, ofRedis]: Clients,
  { port, upstream, redis }: ClientsOptions,
): Promise<Program> {
  const flags = ['--no-lock', '--no-prompt', '--allow-net', '--allow-env', '--allow-read'];
  const config = ['--config', join(GATEWAY, 'deno.json'), GATEWAY_HEAP];
  const command = [findDeno(), 'run', ...config, ...flags, join(CLIENTS_FOLDER, 'main.mjs')] as const;
  const env = {
    ...{ PORT: String(port), UPSTREAM_CLIENT: http, UPSTREAM_PORT: String(upstream) },
    ...{ REDIS_CLIENT: ofRedis, REDIS_PORT: String(redis.port), REDIS_PASSWORD: redis.password },
  };
  return Program.start(`clients-${port}`, command, scratch, { env, ready: () => listens(port) });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
