/** Entry for the cdk8s CLI, which names the output folder in CDK8S_OUTDIR. `./platform synth` does the same and more. */
import { ENVIRONMENTS } from './charts/config/environments.ts';
import { synthesize } from './charts/synth.ts';

try {
  synthesize({ environments: ENVIRONMENTS, outdir: process.env.CDK8S_OUTDIR ?? 'dist' });
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
