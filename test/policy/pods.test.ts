/**
 * Rules over every pod of every environment. Ids in the titles are those of the checks they take over from kube-linter
 * (KL), kube-score (KS), polaris (PO), checkov (CKV_K8S), trivy (KSV) and kubescape (C-).
 */
import { describe, expect, it } from 'vitest';
import { bytesOf, millicores } from '../../charts/config/quantity.ts';
import { SERVICES } from '../../charts/topology.ts';
import {
  type Container,
  configOf,
  containersOf,
  find,
  isManaged,
  type Pod,
  podsOf,
  render,
  VARIANTS,
} from '../support/objects.ts';

/** Fewest pod templates of an environment: 6 services, 5 databases, Redis, the edge, 10 backup jobs, 4 that watch. */
const MIN_PODS = 27;
/** Workloads with access to the host, and the reasons. */
const ON_THE_HOST = {
  'DaemonSet/node-exporter': 'measures it, read-only, from its own mounts',
  'DaemonSet/filebeat': 'reads the log files of pods',
};
/** The paths of the host that are written, and why. */
const WRITTEN_ON_THE_HOST = { '/var/lib/filebeat': 'how far each file was read outlives the pod' };
/** Workloads that run as root without capabilities, and the reasons. */
const ROOT = { 'DaemonSet/filebeat': 'log files belong to root and only their owner may read them' };
/** Workloads that stop before the new pod starts, and the reasons. */
const WITH_A_GAP = { 'Deployment/kibana': 'two versions at once would both change the saved objects' };
/** Workloads that call the Kubernetes API, and the reasons. */
const WITH_TOKEN = {
  'Deployment/traefik': 'reads the routes',
  'Prometheus/assistants': 'finds what it scrapes',
  'Deployment/kube-state-metrics': 'reads what it counts',
};
/** The most a kubelet keeps of a container's logs in a managed cluster: 5 files of 50 MiB. */
const LOGS = 5 * bytesOf('50Mi');
const APP_IMAGES = /\/ai-assistants\//;

const violations = (pods: readonly Pod[], broken: (container: Container, pod: Pod) => boolean): string[] =>
  pods.flatMap((pod) =>
    containersOf(pod)
      .filter((container) => broken(container, pod))
      .map((container) => `${pod.owner}/${container.name}`),
  );

describe.each(VARIANTS)('$name: pods', ({ environment, overrides }) => {
  const objects = render(environment, overrides);
  const config = configOf(environment, overrides);
  const pods = podsOf(objects);
  const long = pods.filter((pod) => !['CronJob', 'Job'].includes(pod.kind) && !isManaged(pod));
  /** The exceptions of a list that apply to this environment. */
  const here = (exceptions: Readonly<Record<string, string>>): readonly string[] =>
    Object.keys(exceptions)
      .filter((owner) => pods.some((pod) => pod.owner === owner))
      .sort();

  it('there are enough to judge', () => {
    expect(pods.length).toBeGreaterThanOrEqual(MIN_PODS);
    expect(pods.flatMap(containersOf).length).toBeGreaterThanOrEqual(MIN_PODS + 11);
  });

  it('run as non-root with a fixed user (KL run-as-non-root, CKV_K8S_40, KSV012, C-0013)', () => {
    const root = pods.filter(({ spec }) => spec.securityContext?.runAsNonRoot !== true);
    expect(root.map(({ owner }) => owner)).toEqual(here(ROOT));
    for (const { spec, owner } of pods) {
      expect(spec.securityContext?.runAsGroup, owner).toBeGreaterThan(0);
      if (here(ROOT).includes(owner)) continue;
      expect(spec.securityContext?.runAsUser, owner).toBeGreaterThan(0);
    }
  });
  it('of ours run as 1001:1001 (contract)', () => {
    const ours = pods.filter(({ spec }) => spec.containers.some(({ image }) => APP_IMAGES.test(image)));
    expect(ours.length).toBeGreaterThanOrEqual(6);
    for (const { spec } of ours)
      expect(spec.securityContext).toMatchObject({ runAsUser: 1001, runAsGroup: 1001 });
  });
  it('use the runtime default seccomp profile (CKV_K8S_31, KSV030)', () => {
    for (const { spec, owner } of pods)
      expect(spec.securityContext?.seccompProfile?.type, owner).toBe('RuntimeDefault');
  });
  it('have read-only roots, no privilege and no capability (KL no-read-only-root-fs, KSV014, KSV001, KSV003, C-0017)', () => {
    const bad = violations(
      pods,
      ({ securityContext: context }) =>
        !(
          context?.readOnlyRootFilesystem === true &&
          context.allowPrivilegeEscalation === false &&
          context.privileged === false &&
          context.capabilities?.drop?.includes('ALL') &&
          !context.capabilities.add
        ),
    );
    expect(bad).toEqual([]);
  });
  it('touch nothing of the host (KL host-network, host-pid, host-ipc, KSV023, C-0048)', () => {
    for (const { spec, owner } of pods)
      expect([spec.hostNetwork, spec.hostPID, spec.hostIPC], owner).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    const mounting = pods.filter(({ spec }) => (spec.volumes ?? []).some((volume) => volume.hostPath));
    expect(mounting.map(({ owner }) => owner).sort()).toEqual(here(ON_THE_HOST));
    for (const { object, spec } of mounting) {
      expect(object.metadata.namespace).toContain('node-agents');
      const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
      const ofTheHost = (spec.volumes ?? []).filter((volume) => volume.hostPath).map(({ name }) => name);
      const written = mounts
        .filter(({ name, readOnly }) => readOnly !== true && ofTheHost.includes(name))
        .map(({ mountPath }) => mountPath);
      expect(Object.keys(WRITTEN_ON_THE_HOST)).toEqual(expect.arrayContaining(written));
    }
  });
  it('have an account of their own and no token, but those that talk to the API (KL default-service-account, CKV_K8S_38)', () => {
    const withToken = pods
      .filter(({ spec }) => spec.automountServiceAccountToken !== false)
      .map(({ owner }) => owner);
    expect(withToken.sort()).toEqual(here(WITH_TOKEN));
    const accounts = pods.map(({ spec }) => spec.serviceAccountName);
    expect(new Set(accounts).size).toBe(pods.length);
    for (const account of accounts) find(objects, 'ServiceAccount', account ?? '');
  });
  it.each([
    ['cpu', millicores],
    ['memory', bytesOf],
    ['ephemeral-storage', bytesOf],
  ] as const)(
    'request and limit %s, never more requested than allowed (KL unset-cpu-requirements, PO cpuLimitsMissing, KS container-ephemeral-storage-request-and-limit)',
    (resource, parse) => {
      const bad = violations(pods, ({ resources }) => {
        const request = resources?.requests?.[resource];
        const limit = resources?.limits?.[resource];
        return !request || !limit || parse(request) > parse(limit);
      });
      expect(bad).toEqual([]);
    },
  );
  it('of the edge have room for the bodies of one client that uses up its limits in a moment', () => {
    const MAX_BODY = 100;
    const bursts = SERVICES.flatMap(({ route }) => (route && !route.streams ? [route.burst ?? 10] : []));
    const bodies = bursts.reduce((sum, burst) => sum + burst, 0);
    expect(bodies).toBeGreaterThanOrEqual(35);
    const { spec } = find(objects, 'Deployment', 'traefik').spec.template;
    const [tmp] = spec.volumes.filter(({ name }: { name: string }) => name === 'tmp');
    expect(bytesOf(tmp.emptyDir.sizeLimit)).toBeGreaterThanOrEqual(bodies * MAX_BODY * 2 ** 20);
  });
  it('may keep their logs and fill their scratch space before the kubelet evicts them', () => {
    for (const { spec, owner } of pods) {
      const limits = (containers: readonly Container[] = []) =>
        containers.map(({ resources }) => bytesOf(resources?.limits?.['ephemeral-storage'] ?? '0'));
      for (const limit of [...limits(spec.containers), ...limits(spec.initContainers)])
        expect(limit, owner).toBeGreaterThanOrEqual(LOGS);
      // A pod is judged by its containers together, or by its largest init container.
      const together = limits(spec.containers).reduce((sum, limit) => sum + limit, 0);
      const allowed = Math.max(together, ...limits(spec.initContainers));
      const scratch = (spec.volumes ?? [])
        .filter(({ emptyDir }) => emptyDir && emptyDir.medium !== 'Memory')
        .reduce((sum, { emptyDir }) => sum + bytesOf(emptyDir?.sizeLimit ?? '0'), 0);
      expect(allowed, owner).toBeGreaterThanOrEqual(scratch + LOGS * spec.containers.length);
    }
  });
  it('name a fixed image version and pull it only when absent (KL latest-tag, PO tagNotSpecified)', () => {
    const bad = violations(
      pods,
      ({ image, imagePullPolicy }) =>
        !/(:[^:/]+|@sha256:[0-9a-f]{64})$/.test(image) ||
        image.endsWith(':latest') ||
        imagePullPolicy !== 'IfNotPresent',
    );
    expect(bad).toEqual([]);
  });
  it('that run all the time have readiness and liveness probes, which differ (KL no-liveness-probe, KS pod-probes)', () => {
    for (const pod of long)
      for (const container of pod.spec.containers) {
        const where = `${pod.owner}/${container.name}`;
        expect(container.readinessProbe, where).toBeDefined();
        expect(container.livenessProbe, where).toBeDefined();
        const action = ({ httpGet, tcpSocket, exec }: NonNullable<Container['livenessProbe']>) => ({
          httpGet,
          tcpSocket,
          exec,
        });
        if (container.readinessProbe && container.livenessProbe)
          expect(action(container.livenessProbe), where).not.toEqual(action(container.readinessProbe));
      }
  });
  it('are probed on ports they have (KL liveness-port, readiness-port)', () => {
    const bad = violations(long, ({ ports = [], startupProbe, readinessProbe, livenessProbe }) =>
      [startupProbe, readinessProbe, livenessProbe].some((probe) => {
        const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port;
        return (
          port !== undefined &&
          !ports.some(({ name, containerPort }) => name === port || containerPort === port)
        );
      }),
    );
    expect(bad).toEqual([]);
  });
  it('of services promise the health check of the contract: 10 s timeout, 3 retries, 60 s to start', () => {
    for (const { spec, owner } of pods.filter(
      ({ labels }) => labels['app.kubernetes.io/component'] === 'service',
    )) {
      const [container] = spec.containers;
      const { startupProbe: start, livenessProbe: live, readinessProbe: ready } = container ?? {};
      expect((start?.periodSeconds ?? 0) * (start?.failureThreshold ?? 0), owner).toBeGreaterThanOrEqual(60);
      expect(live, owner).toMatchObject({ timeoutSeconds: 10, failureThreshold: 3 });
      expect(ready, owner).toMatchObject({ timeoutSeconds: 10 });
      expect((ready?.periodSeconds ?? 0) * (ready?.failureThreshold ?? 0), owner).toBeGreaterThanOrEqual(30);
      expect(ready?.httpGet?.path).toBe('/health');
      expect(live?.httpGet?.path).toBe('/live');
    }
  });
  it("of services and simulators notice soon that what they wait for is there: each second's delay is one of a start", () => {
    const ours = pods.filter(({ spec: { containers } }) =>
      containers.some(({ startupProbe }) => startupProbe?.httpGet?.path === '/live'),
    );
    expect(ours.length).toBeGreaterThan(5);
    for (const { spec, owner } of ours)
      expect(spec.containers[0]?.readinessProbe?.periodSeconds, owner).toBeLessThanOrEqual(3);
  });
  it('mount volumes that exist, and every volume is mounted (KL dangling volumes)', () => {
    for (const pod of pods) {
      const volumes = (pod.spec.volumes ?? []).map(({ name }) => name);
      const claims: readonly { metadata: { name: string } }[] = pod.object.spec.volumeClaimTemplates ?? [];
      const mounted = containersOf(pod).flatMap(({ volumeMounts = [] }) =>
        volumeMounts.map(({ name }) => name),
      );
      expect([...new Set(mounted)].sort(), pod.owner).toEqual(
        [...volumes, ...claims.map(({ metadata }) => metadata.name)].sort(),
      );
    }
  });
  it('bound their scratch space', () => {
    for (const { spec, owner } of pods)
      for (const volume of spec.volumes ?? [])
        if (volume.emptyDir) expect(volume.emptyDir.sizeLimit, owner).toBeTruthy();
  });
  it('have a priority that exists and time to finish', () => {
    for (const { spec, owner } of pods) {
      find(objects, 'PriorityClass', spec.priorityClassName ?? '');
      if (owner.startsWith('Deployment/'))
        expect(spec.terminationGracePeriodSeconds, owner).toBeGreaterThanOrEqual(30);
    }
  });
  it('prefer different nodes without requiring them (KS pod-topology-spread-constraints)', () => {
    const deployments = pods.filter(({ kind }) => kind === 'Deployment');
    expect(deployments.length).toBeGreaterThanOrEqual(7);
    for (const { spec, owner } of deployments) {
      // One constraint: with a second, by a key some node lacks, the scheduler counts neither on that node.
      expect(spec.topologySpreadConstraints, owner).toMatchObject([
        {
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          matchLabelKeys: ['pod-template-hash'],
        },
      ]);
      const [zones] = spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      expect(zones?.podAffinityTerm.topologyKey, owner).toBe('topology.kubernetes.io/zone');
    }
  });
  it('roll when the configuration they mount changes', () => {
    const bad = pods.filter(
      ({ spec, annotations }) =>
        (spec.volumes ?? []).some(
          ({ configMap }) => configMap && configMap.name !== config.trust.configMap,
        ) && !annotations['checksum/config'],
    );
    expect(bad.map(({ owner }) => owner)).toEqual([]);
  });
  it('roll without a gap: one more, none less', () => {
    const gap = pods.filter(({ object }) => object.spec.strategy?.type === 'Recreate');
    expect(gap.map(({ owner }) => owner)).toEqual(here(WITH_A_GAP));
    for (const pod of pods.filter(
      ({ kind, owner }) => kind === 'Deployment' && !here(WITH_A_GAP).includes(owner),
    ))
      expect(pod.object.spec.strategy.rollingUpdate, pod.owner).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  });
});
