/**
 * A Secret or ConfigMap that comes late or changes takes effect without a person deleting pods: everything mounted is
 * read again by the program, told to it by a container beside it, or makes the container or the pod start anew.
 */
import { describe, expect, it } from 'vitest';
import { FOLLOWER } from '../../charts/constructs/follower.ts';
import { type Container, type KubeObject, type Pod, podsOf, render, VARIANTS } from '../support/objects.ts';

/** Workloads whose changes need a person, and the reasons. */
const WAITS = {
  'StatefulSet/elasticsearch/secrets':
    'certificates are read again; its passwords are in its database, and its keystore is made at the start',
};
/** Volumes of any pod that wait for a person, and why. */
const WAITING_VOLUMES: Readonly<Record<string, string>> = {
  trust: 'programs and libraries read the bundle of authorities at their start: ./platform restart',
};
/** Our own programs, which read their files again: services/common, live_settings.py; api-gateway, live_secrets.ts. */
const OURS = /\/ai-assistants\//;

interface Source {
  readonly volume: string;
  readonly kind: 'Secret' | 'ConfigMap';
}

const sourcesOf = ({ spec }: Pod): readonly Source[] =>
  (spec.volumes ?? []).flatMap((volume): readonly Source[] => {
    const { name, projected } = volume;
    // An authority among Secrets is read by the programs that read these.
    const beside = (projected?.sources ?? []).map((): Source => ({ volume: name, kind: 'Secret' }));
    return [
      ...beside,
      ...(volume.secret ? [{ volume: name, kind: 'Secret' } as const] : []),
      ...(volume.configMap ? [{ volume: name, kind: 'ConfigMap' } as const] : []),
    ];
  });

const mounting = ({ spec }: Pod, volume: string): readonly Container[] =>
  spec.containers.filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => name === volume));

/** The script of a liveness probe compares the files with those of the start. */
const restarts = (container: Container, volume: string): boolean => {
  const folder = (container.volumeMounts ?? []).find(({ name }) => name === volume)?.mountPath;
  const probe = JSON.stringify(container.livenessProbe?.exec?.command ?? []);
  const start = JSON.stringify(container.command ?? []);
  return [probe, start].every((text) => text.includes(`sha256sum ${folder}/*`));
};

function secretTakesEffect(pod: Pod, volume: string): boolean {
  // Each run reads anew.
  if (pod.kind === 'CronJob' || pod.kind === 'Job') return true;
  const readers = mounting(pod, volume);
  if (readers.some(({ name }) => name === FOLLOWER)) return true;
  return (
    readers.length > 0 &&
    readers.every((container) => OURS.test(container.image) || restarts(container, volume))
  );
}

function configTakesEffect(pod: Pod): boolean {
  if (pod.kind === 'CronJob') return true;
  // Kubernetes refuses a change of a Job: its name has a hash of what it mounts.
  if (pod.kind === 'Job') return /-[0-9a-f]{8}$/.test(pod.owner);
  return pod.annotations['checksum/config'] !== undefined;
}

/** References that a running program can never see change. */
const fixedAtStart = (pod: Pod): readonly string[] =>
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].flatMap(({ name, env = [], envFrom = [] }) => [
    ...envFrom.map(() => `${pod.owner}/${name}: envFrom`),
    ...env
      .filter(({ valueFrom }) => valueFrom?.secretKeyRef || valueFrom?.configMapKeyRef)
      .map((one) => `${pod.owner}/${name}: ${one.name}`),
  ]);

const waiting = (objects: readonly KubeObject[]): readonly string[] =>
  podsOf(objects).flatMap((pod) =>
    sourcesOf(pod)
      .filter(({ volume }) => !(volume in WAITING_VOLUMES))
      .filter(({ volume, kind }) =>
        kind === 'Secret' ? !secretTakesEffect(pod, volume) : !configTakesEffect(pod),
      )
      .map(({ volume }) => `${pod.owner}/${volume}`),
  );

describe.each(VARIANTS)('$name: what is mounted', ({ environment, overrides }) => {
  const objects = render(environment, overrides);
  it('takes effect when it changes', () => {
    expect(podsOf(objects).flatMap(sourcesOf).length).toBeGreaterThan(30);
    const found = [...new Set(waiting(objects))];
    expect(found).toEqual(Object.keys(WAITS).filter((one) => found.includes(one)));
  });
  it('is a file: a variable keeps its value for as long as the container runs', () => {
    expect(podsOf(objects).flatMap(fixedAtStart)).toEqual([]);
  });
});

describe('the rule', () => {
  const objects = render('production');
  const changed = (owner: string, change: (pod: Pod) => void): readonly string[] => {
    const copy: readonly KubeObject[] = structuredClone(objects);
    for (const pod of podsOf(copy)) if (pod.owner === owner) change(pod);
    return waiting(copy).filter((one) => !(one in WAITS));
  };
  it('finds a server without a container that tells it', () => {
    const found = changed('StatefulSet/redis', ({ object }) => {
      object.spec.template.spec.containers = object.spec.template.spec.containers.filter(
        ({ name }: Container) => name !== FOLLOWER,
      );
    });
    expect(found).toEqual(['StatefulSet/redis/secrets']);
  });
  it('finds a program that is not started anew', () => {
    const found = changed('StatefulSet/logstash', ({ object }) => {
      delete object.spec.template.spec.containers[0].livenessProbe;
    });
    expect([...new Set(found)]).toEqual(['StatefulSet/logstash/secrets']);
  });
  it('finds a ConfigMap whose change rolls nothing', () => {
    const found = changed('Deployment/traefik', ({ object }) => {
      object.spec.template.metadata.annotations = {};
    });
    expect(found).toEqual(['Deployment/traefik/config']);
  });
});
