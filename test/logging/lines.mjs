// Prints log lines as the gateway does: through its own module, under Deno.
import { Logger } from '../../services/api-gateway/src/logging.ts';

const logger = new Logger('api-gateway', '0.1.0', 'debug', { write: (line) => console.log(line) });
logger.log('info', 'gateway.access', 'request served', {
  request_id: '4c2f7f6b54f6467b9c5b6d7e8f901234',
  trace_id: '0af7651916cd43dd8448eb211c80319c',
  method: 'GET',
  path: '/api/ai/chat?token=abc',
  route: '/api/ai',
  status: 502,
  duration_ms: 30_001.5,
  upstream: 'ai-assistant',
  user_id: '0b8f6a54-98a0-4c87-9a3e-2f5f5e8f0c11',
  client: '2001:db8::7',
});
logger.error(
  'unexpected error',
  new TypeError('failed', { cause: new Error('redis://:hunter2@redis:6379') }),
  {
    request_id: '4c2f7f6b54f6467b9c5b6d7e8f901234',
  },
);
