/** Consoles that are forwarded to this machine, at the local ports of the contract. */
import type { Config, EnvironmentName } from '../../charts/config/schema.ts';
import { ALERTMANAGER, PROMETHEUS, REDIS, type Topology } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

interface Console {
  readonly component: string;
  readonly title: string;
  readonly localPorts: Readonly<Record<Exclude<EnvironmentName, 'production'>, number>>;
  /** How its address begins. @default http */
  readonly scheme?: 'redis';
}

const GRAFANA = 'grafana';

const CONSOLES: readonly Console[] = [
  { component: PROMETHEUS, title: 'Prometheus', localPorts: { dev: 9090, staging: 9091 } },
  { component: GRAFANA, title: 'Grafana', localPorts: { dev: 3001, staging: 3002 } },
  { component: ALERTMANAGER, title: 'Alertmanager', localPorts: { dev: 9093, staging: 9094 } },
  { component: REDIS, title: 'Redis', localPorts: { dev: 6379, staging: 6380 }, scheme: 'redis' },
];

export interface Forwardable {
  readonly component: string;
  readonly title: string;
  readonly address: string;
  readonly localPort: number;
  /** Number of the port of its pods. Nothing when this configuration has no such component. */
  readonly port?: number;
}

/** @throws Failure in production, where nothing is forwarded. */
export function forwardables({ environment }: Config, { components }: Topology): readonly Forwardable[] {
  if (environment === 'production')
    throw new Failure(
      'monitor: production exposes no console, not to this machine either',
      'use kubectl port-forward, as yourself',
    );
  return CONSOLES.map(({ component: name, title, localPorts, scheme = 'http' }) => {
    const localPort = localPorts[environment];
    const port = components.find((component) => component.name === name)?.ports[0]?.number;
    return {
      component: name,
      title,
      address: `${scheme}://127.0.0.1:${localPort}`,
      localPort,
      ...(port === undefined ? {} : { port }),
    };
  });
}
