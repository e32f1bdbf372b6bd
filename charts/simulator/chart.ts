/** A simulator: a Deployment and its Service, from the image of the service that talks to what it simulates. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { serviceImage } from '../config/images.ts';
import { listenAddress } from '../config/network.ts';
import { addAccount, servicePorts } from '../constructs/base.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import {
  APP_USER,
  podSecurity,
  resources,
  SECRETS_DIR,
  SMALL,
  scratch,
  secretFilesOf,
  secretVolume,
  spread,
  withoutGap,
} from '../constructs/pod.ts';
import { http, READINESS, STARTUP, tcp } from '../constructs/probes.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf } from '../graph/build.ts';
import type { Component } from '../graph/model.ts';
import type { Simulator } from './simulator.ts';

/** Python starts on the limit. */
const CPU = { request: SMALL.cpu.request, limit: '500m' } as const;

export interface SimulatorChartProps extends PlatformChartProps {
  readonly simulator: Simulator;
}

export class SimulatorChart extends PlatformChart {
  constructor(scope: Construct, id: string, props: SimulatorChartProps) {
    super(scope, id, props, 'app');
    const { config, topology, simulator } = props;
    const component = componentOf(topology, simulator.name);
    const metadata = metadataOf(config, component);
    const selector = { ...component.selector };
    addAccount(this, config, component);
    new k8s.KubeDeployment(this, 'deployment', {
      metadata,
      spec: {
        // A simulated base lives in one pod's memory.
        replicas: 1,
        revisionHistoryLimit: 5,
        selector: { matchLabels: selector },
        strategy: withoutGap,
        template: podTemplate({ config, component, spec: this.podSpec(props, component) }),
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: { type: 'ClusterIP', selector, ports: servicePorts(component) },
    });
  }

  private podSpec({ config, simulator }: SimulatorChartProps, component: Component): k8s.PodSpec {
    const { name, spec, module, secret } = simulator;
    return {
      priorityClassName: priorityClass(config, 'batch'),
      terminationGracePeriodSeconds: 30,
      securityContext: podSecurity(APP_USER),
      ...spread({ ...component.selector }),
      containers: [
        {
          name,
          image: serviceImage(config, spec),
          command: ['python', '-m', module],
          args: [
            ...(config.ipFamilies.includes('IPv6') ? [`--host=${listenAddress(config)}`] : []),
            ...component.ports.map(({ number }) => `--port=${number}`),
          ],
          ...(secret ? { env: [{ name: 'SECRETS_DIR', value: SECRETS_DIR }] } : {}),
          ports: component.ports.map((port) => ({ name: port.name, containerPort: port.number })),
          resources: resources(config, CPU, { request: '64Mi', limit: '128Mi' }),
          startupProbe: http('/live', 'http', STARTUP),
          readinessProbe: http('/live', 'http', READINESS),
          livenessProbe: tcp('http', { periodSeconds: 30 }),
          volumeMounts: [
            ...(secret ? [{ name: 'secrets', mountPath: SECRETS_DIR, readOnly: true }] : []),
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [...(secret ? [secretVolume('secrets', secretFilesOf(secret))] : []), scratch('tmp', '16Mi')],
    };
  }
}
