/** kubectl against the API server of KUBECONFIG, and the definitions of the prerequisites. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const bundles = process.env.PLATFORM_BUNDLES ?? '';

function run(input: string, args: readonly string[]): string {
  const done = spawnSync('kubectl', args, { input, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (done.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** @returns what it prints on standard output. @throws Error with what it says. */
export const kubectl = (...args: readonly string[]): string => run('', args);
/** The same, with standard input. */
export const kubectlWith = (input: string, ...args: readonly string[]): string => run(input, args);

export function installDefinitions(): void {
  for (const file of readdirSync(bundles))
    if (/operator|cert-manager/.test(file))
      kubectl('apply', '--server-side', '--force-conflicts', '-f', `${bundles}/${file}`);
}
