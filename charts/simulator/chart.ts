/** The 1C simulator: a Deployment and its Service, from the image of 1c-integration. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { serviceImage } from '../config/images.ts';
import { podWithDisk } from '../constructs/disk.ts';
import { componentLabels, priorityClass } from '../constructs/names.ts';
import {
  APP_USER,
  containerSecurity,
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
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, PORTS, type ServiceSpec, SIMULATOR } from '../graph/model.ts';
import { SIMULATOR_SECRET } from './simulator.ts';

export interface SimulatorChartProps extends PlatformChartProps {
  /** The service whose image has the simulator. */
  readonly spec: ServiceSpec;
}

export class SimulatorChart extends PlatformChart {
  constructor(scope: Construct, id: string, props: SimulatorChartProps) {
    super(scope, id, props, 'app');
    const { config, topology } = props;
    const component = componentOf(topology, SIMULATOR);
    const labels = componentLabels(config, component);
    const selector = { ...component.selector };
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name: SIMULATOR, labels },
      automountServiceAccountToken: false,
    });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { name: SIMULATOR, labels },
      spec: {
        // One: the simulated base lives in memory.
        replicas: 1,
        revisionHistoryLimit: 5,
        selector: { matchLabels: selector },
        strategy: withoutGap,
        template: { metadata: { labels }, spec: podWithDisk(this.podSpec(props, component)) },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name: SIMULATOR, labels },
      spec: {
        type: 'ClusterIP',
        selector,
        ports: [{ name: 'http', port: PORTS.simulator, targetPort: k8s.IntOrString.fromString('http') }],
      },
    });
  }

  private podSpec({ config, spec }: SimulatorChartProps, component: Component): k8s.PodSpec {
    const probe = (periodSeconds: number, failureThreshold: number): k8s.Probe => ({
      httpGet: { path: '/live', port: k8s.IntOrString.fromString('http') },
      periodSeconds,
      failureThreshold,
      timeoutSeconds: 5,
    });
    return {
      serviceAccountName: SIMULATOR,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      priorityClassName: priorityClass(config, 'batch'),
      terminationGracePeriodSeconds: 30,
      securityContext: podSecurity(APP_USER),
      ...spread({ ...component.selector }),
      containers: [
        {
          name: SIMULATOR,
          image: serviceImage(config, spec),
          imagePullPolicy: 'IfNotPresent',
          command: ['python', '-m', 'onec_simulator'],
          args: [`--port=${PORTS.simulator}`],
          env: [{ name: 'SECRETS_DIR', value: SECRETS_DIR }],
          ports: component.ports.map(({ name, number }) => ({ name, containerPort: number })),
          resources: resources(config, SMALL.cpu, { request: '64Mi', limit: '128Mi' }),
          securityContext: containerSecurity,
          startupProbe: probe(1, 60),
          readinessProbe: probe(10, 3),
          livenessProbe: {
            tcpSocket: { port: k8s.IntOrString.fromString('http') },
            periodSeconds: 30,
            timeoutSeconds: 5,
          },
          volumeMounts: [
            { name: 'secrets', mountPath: SECRETS_DIR, readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [secretVolume('secrets', secretFilesOf(SIMULATOR_SECRET)), scratch('tmp', '16Mi')],
    };
  }
}
