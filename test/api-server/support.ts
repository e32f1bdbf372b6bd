/** kubectl against the API server of KUBECONFIG, and the definitions of the prerequisites. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const bundles = process.env.PLATFORM_BUNDLES ?? '';

function run(input: string, args: readonly string[]): string {
  const done = spawnSync('kubectl', args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** @returns standard output. @throws Error with kubectl's output. */
export const kubectl = (...args: readonly string[]): string => run('', args);
/** Like `kubectl`, with standard input. */
export const kubectlWith = (input: string, ...args: readonly string[]): string => run(input, args);

export function installDefinitions(): void {
  for (const file of readdirSync(bundles))
    if (/operator|cert-manager/.test(file))
      kubectl('apply', '--server-side', '--force-conflicts', '-f', `${bundles}/${file}`);
}
