/** Consoles that are forwarded to this machine, at the local ports of the configuration. */
import type { Config } from '../../charts/config/schema.ts';
import { ALERTMANAGER, GRAFANA, PROMETHEUS, REDIS, type Topology } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

interface Console {
  readonly component: keyof Config['monitoring']['localPorts'];
  readonly title: string;
  /** How its address begins. @default http */
  readonly scheme?: 'redis';
}

const CONSOLES: readonly Console[] = [
  { component: PROMETHEUS, title: 'Prometheus' },
  { component: GRAFANA, title: 'Grafana' },
  { component: ALERTMANAGER, title: 'Alertmanager' },
  { component: REDIS, title: 'Redis', scheme: 'redis' },
];

export interface Forwardable {
  readonly component: string;
  readonly title: string;
  readonly address: string;
  readonly localPort: number;
  /** Number of the port of its pods. Nothing when this configuration has no such component. */
  readonly port?: number;
}

/** @throws Failure where nothing is forwarded. */
export function forwardables(
  { environment, tier, monitoring }: Config,
  { components }: Topology,
): readonly Forwardable[] {
  if (tier === 'protected')
    throw new Failure(
      `monitor: ${environment} exposes no console, not to this machine either`,
      'use kubectl port-forward, as yourself',
    );
  return CONSOLES.map(({ component: name, title, scheme = 'http' }) => {
    const localPort = monitoring.localPorts[name];
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
