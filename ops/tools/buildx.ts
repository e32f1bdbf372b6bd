/** The builder that is chosen for builds with buildx. */
import { type Builder, parseBuilder } from '../core/builder.ts';
import { stdoutOf } from './run.ts';

export async function chosenBuilder(): Promise<Builder> {
  const inspected = await stdoutOf('docker', ['buildx', 'inspect', '--bootstrap']);
  return parseBuilder(inspected, await stdoutOf('docker', ['info', '--format', '{{json .DriverStatus}}']));
}
