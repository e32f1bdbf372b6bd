/** A slow client does not hold scarce resources. */
import { CircuitBreaker } from '../src/breaker.ts';
import {
  assertEquals,
  bearer,
  bytesOf,
  closeQuietly,
  route,
  settingsFor,
  startGateway,
  startRawService,
} from './support.ts';

function openBreaker() {
  const clock = { now: 0 };
  const breaker = new CircuitBreaker({ failures: 1, openMs: 1_000, trialMs: 500, now: () => clock.now });
  breaker.acquire()?.report('failure');
  clock.now = 1_000;
  return { breaker, clock };
}

Deno.test('a request at the pace of its client is not the trial of an open circuit', () => {
  const { breaker } = openBreaker();
  assertEquals([breaker.acquire(false), breaker.state], [undefined, 'open']);
  const trial = breaker.acquire(true);
  assertEquals([breaker.state, breaker.acquire(true)], ['half-open', undefined]);
  trial?.report('success');
  assertEquals([breaker.state, breaker.acquire(false) !== undefined], ['closed', true]);
});

Deno.test('a trial that says nothing keeps others waiting for a while only, and does not count afterwards', () => {
  const { breaker, clock } = openBreaker();
  const first = breaker.acquire();
  clock.now += 499;
  assertEquals([breaker.acquire(), breaker.retryAfterMs], [undefined, 1]);
  clock.now += 1;
  const second = breaker.acquire();
  first?.report('failure');
  assertEquals([breaker.state, breaker.acquire()], ['half-open', undefined]);
  second?.report('success');
  assertEquals(breaker.state, 'closed');
});

Deno.test('security: slow uploads do not keep an open circuit open', async () => {
  let isBroken = true;
  const service = startRawService(async (connection, received) => {
    if (!received.includes('\r\n\r\n')) return;
    if (isBroken) return closeQuietly(connection);
    await connection.write(bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'));
    closeQuietly(connection);
  });
  const settings = settingsFor([route(service.url, { timeoutMs: 60_000 })], { bodyTimeoutSeconds: 60 });
  await using gateway = await startGateway(settings);
  const headers = await bearer();
  const ask = async (method = 'GET', body?: string) => {
    const response = await fetch(`${gateway.url}/api/ai/x`, { method, headers, body });
    await response.body?.cancel();
    return response.status;
  };
  for (let i = 0; i < 5; i++) assertEquals(await ask(), 503);
  isBroken = false;
  const slow = () => Deno.connect({ hostname: '127.0.0.1', port: gateway.port });
  const uploads: Deno.Conn[] = [];
  const head = `POST /api/ai/x HTTP/1.1\r\nHost: g\r\nAuthorization: ${headers.Authorization}\r\n`;
  // The breaker allows a trial after ten seconds, and slow requests always come first.
  const end = performance.now() + 30_000;
  let status = 503;
  while (status !== 200 && performance.now() < end) {
    const upload = await slow();
    uploads.push(upload);
    await upload.write(bytesOf(`${head}Content-Length: 100\r\n\r\nsome`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    status = await ask('POST', 'text');
  }
  assertEquals(status, 200);
  uploads.forEach(closeQuietly);
  await service.close();
});
