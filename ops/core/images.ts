/** Which images the manifests name, which of them a node still needs, and what an image weighs. */
import { z } from 'zod';
import { Failure } from './failure.ts';
import type { KubeObject } from './objects.ts';

/** Images of every pod template, and of pods that operators create, each once. */
export function imagesOf(objects: readonly KubeObject[]): readonly string[] {
  return [...new Set(objects.flatMap(({ spec }) => [...images(spec), ...mainImage(spec)]))].toSorted();
}

/** Image of a Prometheus or an Alertmanager. */
const mainImage = (spec: unknown): readonly string[] =>
  isObject(spec) && typeof spec.image === 'string' ? [spec.image] : [];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function images(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(images);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    (key === 'containers' || key === 'initContainers') && Array.isArray(inner)
      ? inner.flatMap((container) =>
          isObject(container) && typeof container.image === 'string' ? [container.image] : [],
        )
      : images(inner),
  );
}

/** The full reference a node knows an image by: `redis:7` is `docker.io/library/redis:7`. */
export function canonical(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  if (rest.length === 0) return `docker.io/library/${reference}`;
  return /[.:]|^localhost$/.test(first) ? reference : `docker.io/${reference}`;
}

/** A node's digests of an image, by the reference in the manifests. */
export type NodeImages = ReadonlyMap<string, readonly string[]>;

const inspected = z.looseObject({
  status: z.looseObject({ id: z.string(), repoDigests: z.array(z.string()).nullish() }),
});

/** Id and digests of one image, from the output of `crictl inspecti`. */
export function parseInspected(text: string): readonly string[] {
  const { id, repoDigests } = inspected.parse(JSON.parse(text)).status;
  return [id, ...(repoDigests ?? []).map((digest) => digest.slice(digest.indexOf('@') + 1))];
}

/** Local images (id by reference) that a node lacks or has in another version. */
export function toLoad(local: ReadonlyMap<string, string>, node: NodeImages): readonly string[] {
  return [...local]
    .filter(([reference, id]) => !node.get(reference)?.includes(id))
    .map(([reference]) => reference);
}

const containerImage = z.looseObject({
  image: z.string(),
  imageID: z.string(),
  state: z.looseObject({ waiting: z.looseObject({ reason: z.string().default('') }).optional() }).default({}),
});

export const podContainers = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]),
  }),
  status: z.looseObject({
    initContainerStatuses: z.array(containerImage).default([]),
    containerStatuses: z.array(containerImage).default([]),
  }),
});
export type PodContainers = z.output<typeof podContainers>;

/** Deployments, as `namespace/name`, with a pod that runs an older version of an image than the node has. */
export function stale(pods: readonly PodContainers[], node: NodeImages): readonly string[] {
  const byName = canonicalNames(node);
  const outdated = pods.filter(({ status }) =>
    status.containerStatuses.some(({ image, imageID }) => {
      const digests = byName.get(canonical(image));
      const running = imageID.slice(imageID.indexOf('sha256:'));
      return imageID !== '' && digests !== undefined && !digests.includes(running);
    }),
  );
  return [...new Set(outdated.flatMap(deploymentOf))];
}

/** Pods in ImagePullBackOff whose image the node now has. Replacements start at once, not after minutes. */
export function stuck(pods: readonly PodContainers[], node: NodeImages): readonly PodContainers[] {
  const byName = canonicalNames(node);
  return pods.filter(({ status }) =>
    [...status.initContainerStatuses, ...status.containerStatuses].some(
      ({ image, state }) =>
        ['ErrImagePull', 'ImagePullBackOff'].includes(state.waiting?.reason ?? '') &&
        byName.has(canonical(image)),
    ),
  );
}

const canonicalNames = (node: NodeImages): NodeImages =>
  new Map([...node].map(([reference, digests]) => [canonical(reference), digests]));

/** A Deployment's pod belongs to a ReplicaSet named after the Deployment and the template's hash. */
function deploymentOf({ metadata }: PodContainers): readonly string[] {
  const hash = metadata.labels['pod-template-hash'];
  return metadata.ownerReferences
    .filter(({ kind, name }) => kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`))
    .map(({ name }) => `${metadata.namespace}/${name.slice(0, -(hash ?? '').length - 1)}`);
}

export interface ImageSize {
  /** Bytes of all layers, compressed. */
  readonly bytes: number;
  /** Bytes of the layers above the base image, where its layers are known. */
  readonly aboveBase?: number;
}

/** How many of an image's layers belong to its base. */
export function sharedLayers(layers: readonly string[], base: readonly string[]): number {
  const first = layers.findIndex((layer, index) => layer !== base[index]);
  return first === -1 ? layers.length : first;
}

/** @param below number of the base's layers, which come first; undefined when unknown. */
export const sizesOf = (layers: readonly number[], below: number | undefined): ImageSize => ({
  bytes: sum(layers),
  ...(below === undefined ? {} : { aboveBase: sum(layers.slice(below)) }),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Megabytes (10^6 bytes) as registries print them. */
export const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

/**
 * The image the last stage of a Dockerfile is built on; undefined for `scratch`.
 *
 * @param values build arguments that were given in place of the defaults.
 * @throws Failure when there is no such line.
 */
export function baseOf(dockerfile: string, values: Readonly<Record<string, string>>): string | undefined {
  const defaults = [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const all: Readonly<Record<string, string>> = { ...Object.fromEntries(defaults), ...values };
  const last = [...dockerfile.matchAll(/^FROM (?:--\S+ )*(\S+)/gm)].at(-1)?.[1];
  if (!last) throw new Failure('build: the Dockerfile has no FROM line', 'expected one stage at least');
  const base = last.replace(/\$\{?(\w+)\}?/g, (_, name: string) => all[name] ?? '');
  return base === 'scratch' ? undefined : base;
}
