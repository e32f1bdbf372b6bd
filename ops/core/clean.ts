/** Files and objects that collect on a developer's machine and can be removed. */
import { z } from 'zod';
import type { KubeObject } from './objects.ts';

/** Something that can be removed. */
export interface Leftover {
  readonly kind: 'image' | 'builder cache' | 'job' | 'folder';
  readonly name: string;
  /** As the tool prints it, such as `120MB`; empty where no tool counts. */
  readonly size: string;
  /** What happens when it is needed again. */
  readonly note: string;
}

const image = z.looseObject({
  ID: z.string(),
  Repository: z.string(),
  Tag: z.string(),
  Size: z.string(),
});

/** Objects of a tool that prints one JSON object a line. */
const objects = <T>(item: z.ZodType<T>, text: string): readonly T[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => item.parse(JSON.parse(line)));

export interface ImageOptions {
  /** Registry and path of our images. */
  readonly registry: string;
  /** The tag in use. */
  readonly tag: string;
  /** Includes the images in use. */
  readonly all: boolean;
}

/** The platform's unused images, from `docker image ls --format '{{json .}}'`. */
export const oldImages = (text: string, { registry, tag, all }: ImageOptions): readonly Leftover[] =>
  objects(image, text)
    .filter(({ Repository }) => Repository.startsWith(`${registry}/`))
    .filter(({ Tag }) => all || Tag !== tag)
    .map(
      ({ ID, Repository, Tag, Size }): Leftover => ({
        kind: 'image',
        // Without a tag the id is its only name.
        name: Tag === '<none>' ? ID : `${Repository}:${Tag}`,
        size: Size,
        note: Tag === tag ? 'built again by up' : 'of an earlier tag',
      }),
    )
    // Docker lists images of the same age in any order.
    .toSorted((a, b) => a.name.localeCompare(b.name));

const usage = z.looseObject({ Type: z.string(), Size: z.string() });

/** The builder's cache, from `docker system df --format '{{json .}}'`. */
export const builderCache = (text: string): readonly Leftover[] =>
  objects(usage, text)
    .filter(({ Type, Size }) => Type === 'Build Cache' && !/^0 ?B$/.test(Size))
    .map(({ Size }) => ({
      kind: 'builder cache',
      name: 'docker builder',
      size: Size,
      note: 'of every project on this machine; the next builds are cold',
    }));

const finished = z.looseObject({
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** The platform's finished Jobs that no CronJob owns. */
export const finishedJobs = (jobs: readonly KubeObject[]): readonly KubeObject[] =>
  jobs
    .filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0)
    .filter((job) => {
      const { success, data } = finished.safeParse(job);
      return (
        success &&
        data.status.conditions.some(
          ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
        )
      );
    });

export const jobLeftover = ({ metadata }: KubeObject): Leftover => ({
  kind: 'job',
  name: `${metadata.namespace}/${metadata.name}`,
  size: '',
  note: 'has ended; its log goes with it',
});

/** Folders of caches and reports, relative to the repository; tools create them again. */
export const CACHE_FOLDERS = [
  '.cache',
  'coverage',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.hypothesis',
  'services/.pytest_cache',
  'services/.mypy_cache',
  'services/.ruff_cache',
  'services/.hypothesis',
] as const;
