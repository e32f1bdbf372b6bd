/** Transfers files to and from pods as streams, so any size works. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa, type Result } from 'execa';
import { Failure, messageOf } from '../core/failure.ts';
import { interrupted, interruptedFailure } from './interrupt.ts';
import type { Kubectl } from './kubectl.ts';
import { errorLine } from './run.ts';

/** Receives the number of bytes transferred. */
export type OnBytes = (count: number) => void;

/** Passes data through, counts it and hashes it. */
function meter(onBytes: OnBytes): { readonly stream: Transform; readonly digest: () => string } {
  const hash = createHash('sha256');
  let count = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      count += chunk.length;
      onBytes(count);
      done(null, chunk);
    },
  });
  return { stream, digest: () => hash.digest('hex') };
}

const argumentsOf = ({ context }: Kubectl, args: readonly string[]): readonly string[] => [
  '--context',
  context,
  ...args,
];

function check(result: Pick<Result, 'exitCode' | 'stderr' | 'shortMessage'>, what: string): void {
  if (result.exitCode === 0) return;
  if (interrupted.aborted) throw interruptedFailure();
  throw new Failure(
    `${what}: ${errorLine(String(result.stderr ?? '')) || (result.shortMessage ?? 'no message')}`,
  );
}

/**
 * Writes the output of a command in a pod to a file, which gets its name when it is complete.
 *
 * @returns SHA-256 of the file.
 * @throws Failure when the command fails or the disk is full; then no file is left.
 */
export async function download(
  kubectl: Kubectl,
  args: readonly string[],
  file: string,
  onBytes: OnBytes = () => undefined,
): Promise<string> {
  const partial = `${file}.partial`;
  const running = execa('kubectl', argumentsOf(kubectl, args), {
    reject: false,
    encoding: 'buffer',
    stdin: 'ignore',
    buffer: { stdout: false, stderr: true },
    cancelSignal: interrupted,
  });
  const { stream, digest } = meter(onBytes);
  try {
    await pipeline(running.stdout, stream, createWriteStream(partial));
    check(await running, file);
    await rename(partial, file);
    return digest();
  } catch (error) {
    running.kill();
    await rm(partial, { force: true });
    if (interrupted.aborted) throw interruptedFailure();
    throw error instanceof Failure ? error : new Failure(`${file}: cannot be written (${messageOf(error)})`);
  }
}

/** Sends a file to the standard input of a command in a pod. */
export async function upload(
  kubectl: Kubectl,
  args: readonly string[],
  file: string,
  onBytes: OnBytes = () => undefined,
): Promise<void> {
  const running = execa('kubectl', argumentsOf(kubectl, args), {
    reject: false,
    stdin: 'pipe',
    cancelSignal: interrupted,
  });
  const sent = pipeline(createReadStream(file), meter(onBytes).stream, running.stdin).catch(messageOf);
  const result = await running;
  check(result, file);
  const problem = await sent;
  if (problem) throw new Failure(`${file}: cannot be sent (${problem})`);
}

/** Sends the files of a folder to a command in a pod, as a tar archive. */
export async function uploadFolder(kubectl: Kubectl, args: readonly string[], folder: string): Promise<void> {
  const packing = execa('tar', ['-c', '-C', folder, '.'], {
    reject: false,
    buffer: { stdout: false, stderr: true },
    cancelSignal: interrupted,
    // Without this, macOS adds a file with the attributes of each file.
    env: { COPYFILE_DISABLE: '1' },
  });
  const result = await packing.pipe('kubectl', argumentsOf(kubectl, args), {
    reject: false,
    cancelSignal: interrupted,
  });
  check(await packing, folder);
  check(result, folder);
}
