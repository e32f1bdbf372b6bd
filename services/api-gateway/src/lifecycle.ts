/** Readiness and the drain: no request is lost when a replica is replaced. */
import type { Logger } from './logging.ts';

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

/** Not ready at once; serves on for the drain time; then stops accepting and ends the open requests. */
export async function drain(
  server: Pick<Deno.HttpServer, 'shutdown'>,
  lifecycle: Lifecycle,
  { drainSeconds, shutdownTimeoutSeconds }: DrainOptions,
  logger: Logger,
): Promise<void> {
  lifecycle.draining = true;
  logger.info('draining', { drain_seconds: drainSeconds });
  await new Promise<void>((resolve) => setTimeout(resolve, drainSeconds * 1000));
  const finished = server.shutdown().then(() => true);
  const inTime = await Promise.race([finished, pause(shutdownTimeoutSeconds).then(() => false)]);
  if (inTime) logger.info('stopped');
  else {logger.warning('stopped with requests still open', {
      shutdown_timeout_seconds: shutdownTimeoutSeconds,
    });}
}
