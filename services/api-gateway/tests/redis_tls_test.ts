/** Redis over TLS: believed only with the right authority and name. */
import { RedisStore } from '../src/redis.ts';
import { findRedis, startRedis } from './redis_server.ts';
import { assert, assertEquals, REDIS_LIMITS, testLogger, waitUntil } from './support.ts';

const HOST = 'localhost';

async function openssl(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command('openssl', { args: [...args], stderr: 'piped' })
    .output();
  assert(success, new TextDecoder().decode(stderr));
}

/** A new authority, and a certificate of it for the host. */
async function issue(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const authority = ['-keyout', `${folder}/ca.key`, '-out', `${folder}/ca.crt`];
  await openssl('req', '-x509', ...key, '-subj', '/CN=Authority', ...authority);
  await openssl(
    ...['req', '-x509', ...key, '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', `${folder}/ca.crt`],
    ...['-CAkey', `${folder}/ca.key`, '-keyout', `${folder}/tls.key`, '-out', `${folder}/tls.crt`],
  );
}

/** Encrypts for a Redis that cannot. */
async function encrypt(folder: string, port: number): Promise<Deno.TlsListener> {
  const cert = await Deno.readTextFile(`${folder}/tls.crt`);
  const key = await Deno.readTextFile(`${folder}/tls.key`);
  const listener = Deno.listenTls({ hostname: '127.0.0.1', port: 0, cert, key });
  const relay = async (client: Deno.TlsConn): Promise<void> => {
    const server = await Deno.connect({ hostname: '127.0.0.1', port });
    const ways = [client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)];
    await Promise.allSettled(ways);
  };
  void (async () => {
    for (;;) {
      try {
        void relay(await listener.accept());
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
      }
    }
  })();
  return listener;
}

const ignore = !findRedis() && Deno.env.get('CI') !== 'true';

Deno.test({ name: 'Redis over TLS is believed with its authority and name', ignore }, async () => {
  const folder = await Deno.makeTempDir();
  for (const name of ['right', 'stranger']) await issue(`${folder}/${name}`);
  const redis = await startRedis();
  const listener = await encrypt(`${folder}/right`, redis.port);
  const { port } = listener.addr;

  const open = (host: string, caFile?: string) => {
    const log: Record<string, unknown>[] = [];
    const address = { host, port, isSecure: true, ...(caFile ? { caFile: `${folder}/${caFile}` } : {}) };
    const store = new RedisStore(address, () => [redis.password], testLogger(log), REDIS_LIMITS);
    store.start();
    return { log, store };
  };
  const refusal = async (host: string, caFile?: string): Promise<string> => {
    const { log, store } = open(host, caFile);
    await waitUntil(() => log.length > 0);
    store.close();
    return String(log[0]?.error);
  };

  const { store } = open(HOST, 'right/ca.crt');
  await waitUntil(() => store.ping().then(() => true, () => false));
  const quota = { name: 'test', subject: 'user:1', perMinute: 20 };
  assertEquals((await store.admit({ quotas: [quota] })).remaining, 19);
  store.close();

  for (
    const said of [
      await refusal(HOST, 'stranger/ca.crt'),
      await refusal(HOST),
      await refusal('127.0.0.1', 'right/ca.crt'),
    ]
  ) assert(/ConnectError: no connection: .*(invalid peer certificate|NotValidForName)/.test(said), said);

  listener.close();
  await redis.stop();
  await Deno.remove(folder, { recursive: true });
});
