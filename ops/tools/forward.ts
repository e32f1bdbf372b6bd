/**
 * A pod's port, forwarded to this machine through the API server and the kubelet. NetworkPolicies do not
 * apply to that path, and this machine need not reach the node; both would stop the API server's proxy.
 */
import { execa } from 'execa';
import { Failure } from '../core/failure.ts';
import { interrupted, interruptedFailure } from './interrupt.ts';
import { errorLine } from './run.ts';

export interface Forward {
  readonly context: string;
  readonly namespace: string;
  /** As kubectl names it, such as `pod/redis-0`. */
  readonly resource: string;
  readonly port: number;
  /** Port on this machine. @default any free port */
  readonly localPort?: number;
}

export interface Forwarding {
  readonly localPort: number;
  /** Resolves when the forwarding is closed, rejects with a Failure when the connection is lost. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

const ADDRESS = '127.0.0.1';

/** @throws Failure when kubectl cannot forward, for example because the local port is taken. */
export async function forward({
  context,
  namespace,
  resource,
  port,
  localPort = 0,
}: Forward): Promise<Forwarding> {
  const pair = localPort === 0 ? `:${port}` : `${localPort}:${port}`;
  const args = [`--context=${context}`, 'port-forward', `--namespace=${namespace}`, `--address=${ADDRESS}`];
  const running = execa('kubectl', [...args, resource, pair], {
    stdin: 'ignore',
    reject: false,
    cancelSignal: interrupted,
  });
  let closed = false;
  const ended = running.then(({ stderr, shortMessage }) => {
    if (interrupted.aborted) throw interruptedFailure();
    if (!closed)
      throw new Failure(`${resource}: port ${port} not forwarded (${errorLine(stderr) || shortMessage})`);
  });
  // Avoids an unhandled rejection until the promise is awaited.
  ended.catch(() => undefined);
  const opened = new Promise<number>((resolve) => {
    running.stdout.on('data', (text: Buffer) => {
      const [, found] = /Forwarding from [\d.]+:(\d+)/.exec(text.toString()) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
  });
  const actual = await Promise.race([opened, ended]);
  if (actual === undefined) throw new Failure(`${resource}: port ${port} not forwarded`);
  return {
    localPort: actual,
    ended,
    close: () => {
      closed = true;
      running.kill();
    },
  };
}

/** Runs `use` while the port is forwarded. */
export async function withPort<T>(target: Forward, use: (localPort: number) => Promise<T>): Promise<T> {
  const { localPort, close } = await forward(target);
  try {
    return await use(localPort);
  } finally {
    close();
  }
}

/** The same for a port that speaks HTTP. */
export const withForward = <T>(target: Forward, use: (origin: string) => Promise<T>): Promise<T> =>
  withPort(target, (localPort) => use(`http://${ADDRESS}:${localPort}`));
