/** Readiness and the drain: no request is lost when a replica is replaced. */
import type { Logger } from './logging.ts';
import type { Server } from './server.ts';

export class Lifecycle {
  draining = false;
}

export interface DrainOptions {
  readonly drainSeconds: number;
  readonly shutdownTimeoutSeconds: number;
}

const pause = (seconds: number) =>
  new Promise<void>((resolve) => {
    Deno.unrefTimer(setTimeout(resolve, seconds * 1000));
  });

/**
 * Reports not ready at once, serves on for the drain time, then stops accepting and waits for the open requests.
 * WebSockets do not end by themselves: the gateway asks their clients to reconnect once no new traffic arrives.
 */
export async function drain(
  server: Pick<Server, 'shutdown'>,
  closeWebSockets: () => Promise<void>,
  lifecycle: Lifecycle,
  { drainSeconds, shutdownTimeoutSeconds }: DrainOptions,
  logger: Logger,
): Promise<void> {
  lifecycle.draining = true;
  logger.info('draining', { drain_seconds: drainSeconds });
  await new Promise<void>((resolve) => setTimeout(resolve, drainSeconds * 1000));
  const finished = Promise.all([closeWebSockets(), server.shutdown()]).then(() => true);
  const inTime = await Promise.race([finished, pause(shutdownTimeoutSeconds).then(() => false)]);
  if (inTime) return logger.info('stopped');
  logger.warning('stopped with requests still open', { shutdown_timeout_seconds: shutdownTimeoutSeconds });
}
