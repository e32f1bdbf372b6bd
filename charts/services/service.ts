/** One service: Deployment, Service, ServiceAccount, autoscaler and disruption budget. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { serviceGrace } from '../config/grace.ts';
import { serviceImage } from '../config/images.ts';
import { scaleOf } from '../config/scale.ts';
import type { Config } from '../config/schema.ts';
import { signsWithOwnKey } from '../config/tokens.ts';
import { addAccount, servicePorts } from '../constructs/base.ts';
import { addDisruptionBudget } from '../constructs/disruption.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import {
  APP_USER,
  podSecurity,
  resources,
  SECRETS_DIR,
  type SecretFile,
  scratch,
  secretFilesOf,
  secretVolume,
  spread,
  withoutGap,
} from '../constructs/pod.ts';
import { JWT_SECRET, JWT_SIGNING_SECRET, REDIS_SECRET } from '../constructs/secret-names.ts';
import { podTemplate } from '../constructs/template.ts';
import { appSecret, postgresCa, redisCa } from '../data/database.ts';
import { serviceAnnotations } from '../edge/names.ts';
import { type Component, podsOf, type ServiceSpec, type Topology, USER_MANAGEMENT } from '../graph/model.ts';
import { serviceEnvironment } from './environment.ts';
import { serviceProbes } from './probes.ts';

export interface AssistantServiceProps {
  readonly config: Config;
  readonly topology: Topology;
  readonly component: Component;
  readonly spec: ServiceSpec;
}

/** Name of the container that brings the database's schema up to date. */
export const MIGRATE_CONTAINER = 'migrate';

/** The resolver asks again after a second in place of five: the first question may be lost, as when a cluster starts. */
const RESOLVER: k8s.PodDnsConfig = {
  options: [
    { name: 'timeout', value: '1' },
    { name: 'attempts', value: '5' },
  ],
};

/** The key a service needs for tokens: the shared one, or user-management's private one. */
function tokenKey(config: Config, { name }: ServiceSpec): readonly SecretFile[] {
  const file = (secret: string, key: string): SecretFile => ({ secret, key, path: key });
  if (!signsWithOwnKey(config)) return [file(JWT_SECRET, 'JWT_SECRET_KEY')];
  return name === USER_MANAGEMENT ? [file(JWT_SIGNING_SECRET, 'JWT_PRIVATE_KEY')] : [];
}

/** Secrets of a service, as files named after the settings. */
export function serviceSecretFiles(config: Config, spec: ServiceSpec): readonly SecretFile[] {
  return [
    ...tokenKey(config, spec),
    { secret: REDIS_SECRET, key: 'password', path: 'REDIS_PASSWORD' },
    ...redisCa(config),
    ...(spec.database ? [{ secret: appSecret(spec.name), key: 'password', path: 'POSTGRES_PASSWORD' }] : []),
    ...(spec.database ? postgresCa(config, spec.name) : []),
    ...(spec.secrets ?? []).flatMap(secretFilesOf),
  ];
}

export class AssistantService extends Construct {
  constructor(scope: Construct, id: string, props: AssistantServiceProps) {
    super(scope, id);
    const { config, component, spec } = props;
    const metadata = metadataOf(config, component);
    const selector = { ...component.selector };
    const scale = scaleOf(config, spec.name);

    addAccount(this, config, component);
    new k8s.KubeDeployment(this, 'deployment', {
      metadata,
      spec: {
        // The autoscaler, when there is one, sets the number.
        ...(scale.autoscaler ? {} : { replicas: scale.replicas }),
        revisionHistoryLimit: 5,
        selector: { matchLabels: selector },
        strategy: withoutGap,
        template: podTemplate({ config, component, spec: this.podSpec(props) }),
      },
    });
    const ports = servicePorts(component).map((port) => ({ ...port, appProtocol: 'http' }));
    const reached = { type: 'ClusterIP', selector, ports };
    new k8s.KubeService(this, 'service', {
      metadata: { ...metadata, annotations: { ...serviceAnnotations(config, spec) } },
      spec: reached,
    });
    // Its name resolves to every ready pod, so that the gateway can choose among them.
    if (spec.gateway)
      new k8s.KubeService(this, 'pods', {
        metadata: { ...metadata, name: podsOf(spec.name) },
        spec: { ...reached, clusterIp: 'None' },
      });
    if (scale.autoscaler) this.addAutoscaler(config, metadata, scale.autoscaler);
    addDisruptionBudget(this, config, component, scale.replicas);
  }

  private podSpec({ config, topology, component, spec }: AssistantServiceProps): k8s.PodSpec {
    const own = config.services[spec.name];
    const container: k8s.Container = {
      name: spec.name,
      image: serviceImage(config, spec),
      env: serviceEnvironment(config, topology, component, spec),
      resources: resources(config, own?.cpu ?? spec.cpu, own?.memory ?? spec.memory),
      volumeMounts: [
        { name: 'secrets', mountPath: SECRETS_DIR, readOnly: true },
        { name: 'tmp', mountPath: '/tmp' },
      ],
    };
    return {
      priorityClassName: priorityClass(config, 'standard'),
      terminationGracePeriodSeconds: serviceGrace(config, spec).total,
      securityContext: podSecurity(APP_USER),
      dnsConfig: RESOLVER,
      ...spread({ ...component.selector }),
      // Waits for the database and brings its schema up to date, under an advisory lock.
      ...(spec.database
        ? { initContainers: [{ ...container, name: MIGRATE_CONTAINER, args: ['migrate'] }] }
        : {}),
      containers: [{ ...container, ports: [{ name: 'http', containerPort: spec.port }], ...serviceProbes }],
      volumes: [secretVolume('secrets', serviceSecretFiles(config, spec)), scratch('tmp', '128Mi')],
    };
  }

  private addAutoscaler(
    config: Config,
    metadata: k8s.ObjectMeta & { readonly name: string },
    range: { readonly min: number; readonly max: number },
  ): void {
    new k8s.KubeHorizontalPodAutoscalerV2(this, 'autoscaler', {
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name },
        minReplicas: range.min,
        maxReplicas: range.max,
        metrics: [
          {
            type: 'Resource',
            resource: {
              name: 'cpu',
              target: { type: 'Utilization', averageUtilization: config.autoscaling.cpuPercent },
            },
          },
        ],
        // Scales down slowly: a leaving pod drains for a while, and load comes in waves.
        behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
      },
    });
  }
}
