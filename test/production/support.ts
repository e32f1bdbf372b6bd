/** The environment production on a cluster of two workers, deployed by the documented commands only. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BUNDLES } from '../../charts/config/versions.ts';
import { installBundles, readBundles } from '../../ops/steps/bundles.ts';
import { bringImages } from '../../ops/steps/images.ts';
import { KindCluster } from '../../ops/tools/kind.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { CONTEXT, config, ENVIRONMENT, kubectlJson, ROOT, type Run, timed, VALUES } from '../e2e/support.ts';

export const CLUSTER = 'ai-assistants-production';

/** Runs a verb for production. */
export const platform = (verb: readonly string[], ...more: readonly string[]): Promise<Run> =>
  timed(...verb, ENVIRONMENT, ...more, '--context', CONTEXT, '--values', VALUES);

const kind = (...args: readonly string[]): string =>
  execFileSync('kind', args, { encoding: 'utf8', stdio: 'pipe' });

/**
 * The folder in PLATFORM_BUNDLES may have only cert-manager's definitions, without its image. The copy installs them in
 * place of cert-manager, and the tests answer challenges themselves. Without a folder, the command downloads cert-manager.
 */
function bundlesFolder(): string | undefined {
  const folder = process.env.PLATFORM_BUNDLES;
  if (folder === undefined) return undefined;
  const copy = mkdtempSync(join(tmpdir(), 'bundles-'));
  cpSync(folder, copy, { recursive: true });
  const { file } = BUNDLES.certManager;
  cpSync(join(copy, file.replace('cert-manager-', 'cert-manager-crds-')), join(copy, file));
  return copy;
}

/** Creates an empty cluster, and installs the prerequisites that docs/operations.md names. */
export async function emptyCluster(): Promise<void> {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  removeCluster();
  kind('create', 'cluster', '--config', `${ROOT}/test/production/kind.yaml`, '--wait', '600s');
  console.info(`a cluster of two workers: ${seconds()} s`);
  const kubectl = new Kubectl(CONTEXT);
  const bundles = await readBundles(config, bundlesFolder());
  const objects = bundles.flatMap((bundle) => bundle.objects);
  await bringImages(new KindCluster(CLUSTER), objects, () => undefined);
  await installBundles(kubectl, bundles);
  await kubectl.output(['wait', 'apiservice', '--all', '--for=condition=Available', '--timeout=300s']);
  console.info(`with its prerequisites: ${seconds()} s`);
}

export const removeCluster = (): string => kind('delete', 'cluster', '--name', CLUSTER);

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ containerStatuses: z.array(z.object({ restartCount: z.number() })).default([]) }),
    }),
  ),
});

/** The restarts of each pod of the platform, by the pod's name; pods of Jobs are left out. */
export function podsNow(namespace: string): Readonly<Record<string, number>> {
  const { items } = podList.parse(
    kubectlJson('get', 'pods', '-n', namespace, '-l', 'app.kubernetes.io/part-of=ai-assistants'),
  );
  const long = items.filter(({ metadata }) => !('job-name' in metadata.labels));
  return Object.fromEntries(
    long.map(({ metadata, status }) => [
      metadata.name,
      status.containerStatuses.reduce((sum, one) => sum + one.restartCount, 0),
    ]),
  );
}

const secretList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      data: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** The values of the platform's Secrets, without those too short to be a password or key. */
export const secretValues = (): readonly string[] =>
  secretList
    .parse(kubectlJson('get', 'secrets', '-A', '-l', 'app.kubernetes.io/part-of=ai-assistants'))
    .items.flatMap(({ data }) => Object.values(data))
    .map((value) => Buffer.from(value, 'base64').toString())
    .filter((value) => value.length > 15);

export const secretValue = (namespace: string, name: string, key: string): string =>
  Buffer.from(
    z
      .object({ data: z.record(z.string(), z.string()) })
      .parse(kubectlJson('get', 'secret', name, '-n', namespace)).data[key] ?? '',
    'base64',
  ).toString();
