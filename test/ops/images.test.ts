import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { oneLineChange, withoutDownloads } from '../../bench/cold-build.ts';
import { median } from '../../bench/support.ts';
import { PLATFORM_VERSION } from '../../charts/config/versions.ts';
import { renderObjects } from '../../charts/render.ts';
import { SERVICES } from '../../charts/topology.ts';
import {
  buildArguments,
  dockerfileOf,
  extraArguments,
  selectBuilds,
  stepOf,
} from '../../ops/core/build-plan.ts';
import {
  baseOf,
  canonical,
  imagesOf,
  megabytes,
  parseInspected,
  podContainers,
  sharedLayers,
  sizesOf,
  stale,
  stuck,
  toLoad,
} from '../../ops/core/images.ts';
import { kubeObject } from '../../ops/core/objects.ts';
import { configOf, root } from '../support/objects.ts';

const ID = 'sha256:aaa';
const pod = (status: object) =>
  podContainers.parse({
    metadata: {
      name: 'web-66c-x2',
      namespace: 'a',
      labels: { 'pod-template-hash': '66c' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-66c' }],
    },
    status,
  });
const running = (imageID: string) =>
  pod({ containerStatuses: [{ image: 'docker.io/library/web:1', imageID }] });

describe('images', () => {
  it('finds them in every pod template, init containers and jobs too', () => {
    const images = imagesOf(
      renderObjects(configOf('dev'), SERVICES).map((object) => kubeObject.parse(object)),
    );
    expect(images).toContain(`localhost/ai-assistants/1c-integration:${PLATFORM_VERSION}`);
    expect(images.some((image) => image.includes('postgres:15'))).toBe(true);
    for (const operated of ['prometheus:v3', 'alertmanager:v0', 'prometheus-config-reloader:v0'])
      expect(
        images.some((image) => image.includes(`/${operated}`)),
        operated,
      ).toBe(true);
    expect(images).toEqual([...new Set(images)]);
  });
  it.each([
    ['redis:7', 'docker.io/library/redis:7'],
    ['oliver006/redis_exporter:v1', 'docker.io/oliver006/redis_exporter:v1'],
    ['localhost/a/b:1', 'localhost/a/b:1'],
    ['registry.example.com:5000/a:1', 'registry.example.com:5000/a:1'],
    ['quay.io/a/b:1', 'quay.io/a/b:1'],
  ])('%s is %s', (reference, full) => {
    expect(canonical(reference)).toBe(full);
  });
  it('knows an image by its id and by its digests', () => {
    expect(
      parseInspected(JSON.stringify({ status: { id: ID, repoDigests: ['x/import@sha256:bbb'] } })),
    ).toEqual([ID, 'sha256:bbb']);
    expect(parseInspected(JSON.stringify({ status: { id: ID } }))).toEqual([ID]);
  });
  it('loads what a node lacks or has in another version, and nothing a second time', () => {
    const local = new Map([
      ['a:1', ID],
      ['b:1', ID],
      ['c:1', ID],
    ]);
    expect(
      toLoad(
        local,
        new Map([
          ['a:1', [ID]],
          ['b:1', ['sha256:old']],
        ]),
      ),
    ).toEqual(['b:1', 'c:1']);
    expect(toLoad(local, new Map([...local].map(([name, id]) => [name, [id]])))).toEqual([]);
  });
});

describe('pods and images built anew', () => {
  const node = new Map([['web:1', [ID, 'sha256:bbb']]]);
  it('restarts the Deployment of a pod that runs an older one', () => {
    expect(stale([running('import@sha256:old')], node)).toEqual(['a/web']);
  });
  it.each(['import@sha256:bbb', ID, ''])('leaves %j alone', (imageID) => {
    expect(stale([running(imageID)], node)).toEqual([]);
  });
  it('leaves an image the node does not know alone', () => {
    expect(stale([running('import@sha256:old')], new Map())).toEqual([]);
  });
  it('finds pods that wait to pull what is there by now', () => {
    const waiting = (image: string) =>
      pod({
        initContainerStatuses: [{ image, imageID: '', state: { waiting: { reason: 'ImagePullBackOff' } } }],
      });
    expect(stuck([waiting('web:1'), waiting('other:1'), running(ID)], node)).toHaveLength(1);
  });
});

const BUILDS = SERVICES.map((spec) => ({
  image: spec.image ?? spec.name,
  reference: `r/${spec.image ?? spec.name}:1`,
  spec,
}));
const [SECURITY = fail('no security')] = BUILDS.filter(({ image }) => image === 'security');
const [GATEWAY = fail('no gateway')] = BUILDS.filter(({ image }) => image === 'api-gateway');

function fail(message: string): never {
  throw new Error(message);
}

describe('building', () => {
  it('builds all, or those that are named by service or image', () => {
    expect(selectBuilds(BUILDS, [])).toEqual(BUILDS);
    expect(selectBuilds(BUILDS, ['onec-integration', 'security']).map(({ image }) => image)).toEqual([
      '1c-integration',
      'security',
    ]);
    expect(selectBuilds(BUILDS, ['1c-integration'])).toHaveLength(1);
    expect(() => selectBuilds(BUILDS, ['secruity'])).toThrow(
      /"secruity" is not a service; expected .*security/,
    );
  });
  it('changes a line of a file that is there, for a warm build', () => {
    for (const build of [SECURITY, GATEWAY])
      expect(existsSync(root(`services/${oneLineChange(build, 1).file}`)), build.image).toBe(true);
  });
  it('says which step is under way', () => {
    expect(stepOf('#12 [dependencies 4/4] RUN pip   install')).toBe('[dependencies 4/4] RUN pip install');
    for (const other of ['#12 DONE 0.1s', '#1 [internal] load build definition', '#14 CACHED', ''])
      expect(stepOf(other)).toBeUndefined();
  });
  it('uses no layer cache, another folder and another file when asked to', () => {
    const provenance = { version: '1', revision: 'abc', created: 'today' };
    const options = { cold: true, context: '/copy', dockerfile: '/cold/Dockerfile' };
    const args = buildArguments(SECURITY, provenance, options);
    expect(args).toContain('--no-cache');
    expect(args.join(' ')).toContain('--file /cold/Dockerfile');
    expect(args.at(-1)).toBe('/copy');
  });
  it.each([
    [
      'RUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install',
      'RUN --mount=type=tmpfs,target=/root/.cache/pip \\\n    pip install',
    ],
    [
      'RUN --mount=id=a,dst=/a,sharing=locked,type=cache --mount=type=cache,destination=/b true',
      'RUN --mount=type=tmpfs,target=/a --mount=type=tmpfs,target=/b true',
    ],
    ['RUN --mount=type=bind,target=/a true', 'RUN --mount=type=bind,target=/a true'],
  ])('empties the download caches of %j', (dockerfile, cold) => {
    expect(withoutDownloads(dockerfile)).toBe(cold);
  });
  it.each(BUILDS)('leaves no download cache to a cold build of $image', ({ image }) => {
    const cold = withoutDownloads(readFileSync(root(dockerfileOf(image)), 'utf8'));
    expect(cold).not.toContain('type=cache');
    expect(cold).not.toMatch(/target=(,| |$)/m);
  });
  it('takes the middle of several times', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('passes provenance and base images as build arguments', () => {
    const args = buildArguments(
      SECURITY,
      { version: '1', revision: 'abc', created: 'today' },
      { extra: { PYTHON_IMAGE: 'mirror/python:3' } },
    );
    expect(args.join(' ')).toBe(
      'build --progress=plain --file dockerfiles/security/Dockerfile --tag r/security:1 --build-arg VERSION=1 --build-arg REVISION=abc --build-arg CREATED=today --build-arg PYTHON_IMAGE=mirror/python:3 services',
    );
  });
  it('lets the command line win over the environment', () => {
    const environment = { PYTHON_IMAGE: 'env', DENO_IMAGE: 'deno', RUNTIME_IMAGE: '', OTHER: 'x' };
    expect(extraArguments(['PYTHON_IMAGE=cli=1'], environment)).toEqual({
      PYTHON_IMAGE: 'cli=1',
      DENO_IMAGE: 'deno',
    });
  });
  it('refuses a pair without a name', () => {
    expect(() => extraArguments(['=x'], {})).toThrow('--build-arg: "=x" is not valid');
  });
});

describe('sizes', () => {
  const base = ['a', 'b'];
  it.each([
    [['a', 'b', 'c'], 2],
    [['a', 'b'], 2],
    [['x', 'b', 'c'], 0],
    [[], 0],
  ])('%j shares %d layers with its base', (layers, shared) => {
    expect(sharedLayers(layers, base)).toBe(shared);
  });
  it('counts the base and what lies above it', () => {
    expect(sizesOf([40, 5, 1], 1)).toEqual({ bytes: 46, aboveBase: 6 });
    expect(megabytes(45_049_999)).toBe(45);
  });
  it('finds the base image of a Dockerfile, and of a mirrored one', () => {
    const python = readFileSync(root('dockerfiles/security/Dockerfile'), 'utf8');
    expect(baseOf(python, {})).toBe('python:3.13-slim');
    expect(baseOf(python, { PYTHON_IMAGE: 'mirror/python:3' })).toBe('mirror/python:3');
    expect(baseOf(readFileSync(root('dockerfiles/api-gateway/Dockerfile'), 'utf8'), {})).toBeUndefined();
    expect(() => baseOf('RUN true', {})).toThrow('the Dockerfile has no FROM line');
  });
});
