/** Cluster prerequisites: installs missing upstream bundles, from a folder or their address. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import type { Config } from '../../charts/config/schema.ts';
import { BUNDLES, type BundleName } from '../../charts/config/versions.ts';
import { Failure, messageOf } from '../core/failure.ts';
import { type KubeObject, kubeObject } from '../core/objects.ts';
import { ROOT } from '../core/paths.ts';
import type { Kubectl } from '../tools/kubectl.ts';

export interface Bundle {
  readonly file: string;
  readonly digest: string;
  readonly objects: readonly KubeObject[];
}

/** Folder of downloads; file names contain the versions. */
const CACHE = `${ROOT}/.cache/bundles`;
const RECORD = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'ai-assistants-prerequisites', namespace: 'kube-system' },
};
const record = z.looseObject({ data: z.record(z.string(), z.string()).default({}) });

export const readBundles = (config: Config, folder: string | undefined): Promise<readonly Bundle[]> =>
  Promise.all(prerequisites(config).map((name) => readBundle(name, folder)));

async function readBundle(name: BundleName, folder: string | undefined): Promise<Bundle> {
  const { file, url } = BUNDLES[name];
  const path = folder ? join(folder, file) : join(CACHE, file);
  if (!existsSync(path)) {
    if (folder) throw new Failure(`--bundles: "${folder}" lacks ${file}`, `download it from ${url}`);
    await download(url, path);
  }
  const text = readFileSync(path, 'utf8');
  const objects = loadAll(text)
    .filter((object) => object !== null && object !== undefined)
    .map((object) => kubeObject.parse(object));
  return { file, digest: createHash('sha256').update(text).digest('hex'), objects };
}

async function download(url: string, path: string): Promise<void> {
  const text = await fetchText(url).catch((error: unknown) => {
    throw new Failure(
      `${url}: ${messageOf(error)}`,
      'without access to it, name a folder that holds it with --bundles',
    );
  });
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return response.text();
}

/** Installs bundles that differ from the cluster's record or are incomplete; returns their file names. */
export async function installBundles(
  kubectl: Kubectl,
  bundles: readonly Bundle[],
): Promise<readonly string[]> {
  const args = ['get', 'configmap', RECORD.metadata.name, `--namespace=${RECORD.metadata.namespace}`];
  const [found] = await kubectl.objects(record, [...args, '--ignore-not-found']);
  const installed = found?.data ?? {};
  const outdated: Bundle[] = [];
  for (const bundle of bundles)
    if (installed[bundle.file] !== bundle.digest || !(await kubectl.allExist(bundle.objects)))
      outdated.push(bundle);
  for (const bundle of outdated) {
    await kubectl.apply(bundle.objects);
    await answers(kubectl, bundle);
  }
  if (outdated.length === 0) return [];
  const data = Object.fromEntries(bundles.map(({ file, digest }) => [file, digest]));
  await kubectl.apply([{ ...RECORD, data }]);
  return outdated.map(({ file }) => file);
}

/** The API server asks webhooks about objects of their kinds, and refuses them while a webhook is down. */
const WEBHOOKS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

/** Waits until the API server knows a bundle's kinds and its webhooks answer: the next may use them. */
async function answers(kubectl: Kubectl, { objects }: Bundle): Promise<void> {
  const named = (kind: string): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  const kinds = named('CustomResourceDefinition').map(
    ({ metadata }) => `customresourcedefinition/${metadata.name}`,
  );
  if (kinds.length > 0)
    await kubectl.output(['wait', ...kinds, '--for=condition=Established', '--timeout=60s']);
  if (!objects.some(({ kind }) => WEBHOOKS.includes(kind))) return;
  for (const { metadata } of named('Deployment'))
    await kubectl.output([
      'wait',
      `deployment/${metadata.name}`,
      `--namespace=${metadata.namespace ?? 'default'}`,
      '--for=condition=Available',
      '--timeout=300s',
    ]);
}
