import { describe, expect, it } from 'vitest';
import { builderCache, finishedJobs, oldImages } from '../../ops/core/clean.ts';
import { kubeObject } from '../../ops/core/objects.ts';

const image = (Repository: string, Tag: string): string =>
  JSON.stringify({ ID: `id-of-${Tag}`, Repository, Tag, Size: '120MB' });
const LISTED = [
  image('localhost/ai-assistants/security', '0.1.0'),
  image('localhost/ai-assistants/security', '0.0.9'),
  image('localhost/ai-assistants/security', '<none>'),
  image('localhost/ai-assistants-of-others/security', '0.0.9'),
  image('docker.io/library/redis', '7'),
].join('\n');
const options = { registry: 'localhost/ai-assistants', tag: '0.1.0' };

describe('images', () => {
  it('of earlier tags go, those of others never', () => {
    expect(oldImages(LISTED, { ...options, all: false }).map(({ name }) => name)).toEqual([
      'id-of-<none>',
      'localhost/ai-assistants/security:0.0.9',
    ]);
  });
  it('are in one order, whichever Docker gives', () => {
    const turned = LISTED.split('\n').toReversed().join('\n');
    expect(oldImages(turned, { ...options, all: true })).toEqual(
      oldImages(LISTED, { ...options, all: true }),
    );
  });
  it('in use go when all are meant', () => {
    const found = oldImages(LISTED, { ...options, all: true });
    expect(found).toHaveLength(3);
    expect(found).toContainEqual({
      kind: 'image',
      name: 'localhost/ai-assistants/security:0.1.0',
      size: '120MB',
      note: 'built again by up',
    });
  });
  it('are none in an empty Docker', () => expect(oldImages('\n', { ...options, all: true })).toEqual([]));
});

describe("the builder's cache", () => {
  const line = (Type: string, Size: string): string => JSON.stringify({ Type, Size });
  it('is listed when there is one', () => {
    const text = [line('Images', '1GB'), line('Build Cache', '2.5GB')].join('\n');
    expect(builderCache(text).map(({ size }) => size)).toEqual(['2.5GB']);
    expect(builderCache(line('Build Cache', '0B'))).toEqual([]);
  });
});

describe('jobs', () => {
  const job = (name: string, condition: string | undefined, owner = false) =>
    kubeObject.parse({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: 'assistants', ...(owner ? { ownerReferences: [{}] } : {}) },
      status: condition === undefined ? {} : { conditions: [{ type: condition, status: 'True' }] },
    });
  it('go when they have ended and no schedule owns them', () => {
    const jobs = [
      job('done', 'Complete'),
      job('failed', 'Failed'),
      job('running', undefined),
      job('suspended', 'Suspended'),
      job('nightly', 'Complete', true),
    ];
    expect(finishedJobs(jobs).map(({ metadata }) => metadata.name)).toEqual(['done', 'failed']);
  });
});
