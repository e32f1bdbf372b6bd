/** Programs in the assistant's pod, which has the platform's policies, settings, names and authorities. */
import { kubectl, NAMESPACE } from './support.ts';

export const ASSISTANT = ['-n', NAMESPACE, 'deploy/ai-assistant', '-c', 'ai-assistant'] as const;

/** The output of a Python program. @param env arguments of `env`, such as `-u NAME`. @default none */
export const inAssistant = (program: string, env: readonly string[] = []): string =>
  kubectl('exec', ...ASSISTANT, '--', 'env', ...env, 'python', '-c', program).trim();

/** `open` when a connection succeeds within five seconds, else `closed`. */
export const connection = (host: string, port: number): string =>
  inAssistant(`
import socket
try:
    socket.create_connection(('${host}', ${port}), 5)
    print('open')
except OSError:
    print('closed')`);
