/** The process: settings, server, signals. */
import { createGateway } from './src/app.ts';
import { drain, Lifecycle } from './src/lifecycle.ts';
import { LiveSecrets } from './src/live_secrets.ts';
import { BufferedSink, Logger } from './src/logging.ts';
import { SERVICE } from './src/operations.ts';
import { RedisStore } from './src/redis.ts';
import { readSecrets, readSettings, type Settings, SettingsError } from './src/settings.ts';

async function serve(settings: Settings): Promise<void> {
  const lines = new BufferedSink(SERVICE);
  const logger = new Logger(SERVICE, settings.version, settings.logLevel, lines);
  const lifecycle = new Lifecycle();
  const read = () => readSecrets(settings.jwt.algorithm);
  const secrets = new LiveSecrets({ first: settings.secrets, read, logger });
  const store = new RedisStore(settings.redis, () => secrets.redisPasswords(), logger);
  const gateway = createGateway({ settings, store, logger, lifecycle, secrets });
  globalThis.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    logger.error('unhandled rejection', event.reason);
  });
  globalThis.addEventListener('error', (event) => {
    event.preventDefault();
    logger.error('uncaught error', event.error);
  });
  secrets.start();
  store.start();
  const server = await gateway.listen({ hostname: settings.host, port: settings.port });
  const { hostname, port } = server;
  logger.info('listening', { hostname, port, environment: settings.environment });

  const stop = async () => {
    if (lifecycle.draining) Deno.exit(1);
    await drain(server, gateway.closeWebSockets, lifecycle, settings, logger);
    secrets.close();
    store.close();
    gateway.close();
    await lines.flush();
    Deno.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) Deno.addSignalListener(signal, stop);
}

try {
  await serve(readSettings());
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`${SERVICE}: ${error.message}`);
  Deno.exit(1);
}
