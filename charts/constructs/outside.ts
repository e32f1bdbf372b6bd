/** What programs that call outside get: the authorities' bundle as a file, the proxy as variables. */
import type { k8s } from 'cdk8s-plus-28';
import type { Config } from '../config/schema.ts';
import { type Component, type ComponentKind, podsOf, ZONES } from '../graph/model.ts';
import { namespaceOf } from './names.ts';
import { withContainers } from './pod.ts';

const TRUST = { name: 'trust', mountPath: '/run/trust', readOnly: true };
export const CA_BUNDLE = `${TRUST.mountPath}/ca.crt`;
/** Readers, in order: Python's httpx and Go; requests; Node.js; Deno. */
const TRUST_VARIABLES = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'DENO_CERT'];
const CALLING_OUT: readonly ComponentKind[] = ['service', 'edge', 'monitor', 'logging'];

export const trusts = ({ trust }: Config): boolean => Boolean(trust.configMap ?? trust.secret);

/** Mounts the bundle in every container of a pod whose kind calls outside the cluster. */
export function withTrust(config: Config, { kind }: Component, pod: k8s.PodSpec): k8s.PodSpec {
  if (!trusts(config) || !CALLING_OUT.includes(kind)) return pod;
  const { configMap, secret, key } = config.trust;
  const items = [{ key, path: 'ca.crt' }];
  const bundle = configMap
    ? { configMap: { name: configMap, items } }
    : { secret: { secretName: secret ?? '', items } };
  const trusting = withContainers(pod, (container) => ({
    ...container,
    env: [...(container.env ?? []), ...TRUST_VARIABLES.map((name) => ({ name, value: CA_BUNDLE }))],
    volumeMounts: [...(container.volumeMounts ?? []), TRUST],
  }));
  return { ...trusting, volumes: [...(pod.volumes ?? []), { name: TRUST.name, ...bundle }] };
}

/** `NO_PROXY`: this machine, the names and namespaces of the cluster, its IPv4 ranges, then those of the configuration. */
function noProxy(config: Config, components: readonly Component[]): string {
  const names = components
    .filter(({ ports }) => ports.length > 0)
    .flatMap(({ name, kind }) => (kind === 'service' ? [name, podsOf(name)] : [name, `${name}-rw`]));
  const domains = ZONES.map((zone) => `.${namespaceOf(config, zone)}`);
  // httpx fails on a range of IPv6.
  const ranges = config.settings.onecDeniedNetworks.filter((range) => !range.includes(':'));
  const local = ['localhost', '127.0.0.1', '::1', '.svc', '.cluster.local'];
  return [...local, ...domains, ...names, ...ranges, ...config.proxy.noProxy].join(',');
}

/** Variables of a program that uses the proxy; empty ones are left out. */
export function proxyVariables(
  config: Config,
  components: readonly Component[],
): Readonly<Record<string, string>> {
  const { httpProxy, httpsProxy } = config.proxy;
  const none = httpProxy === '' && httpsProxy === '' ? '' : noProxy(config, components);
  const variables = { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: none };
  // Some programs read only the upper-case names, others only the lower-case ones.
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => [
      [name, value],
      [name.toLowerCase(), value],
    ]),
  );
}
