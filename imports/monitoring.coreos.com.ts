/** Typed constructs for the Prometheus Operator: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { plain } from './plain.ts';

const GROUP = 'monitoring.coreos.com';
type Labels = Readonly<Record<string, string>>;

interface LabelSelector {
  readonly matchLabels: Labels;
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** A step of Prometheus' relabelling. */
export interface Relabeling {
  readonly sourceLabels: readonly string[];
  readonly regex?: string;
  readonly action?: 'keep' | 'drop' | 'replace';
  readonly targetLabel?: string;
}

interface Endpoint {
  /** Name of the port. */
  readonly port: string;
  readonly path: string;
  /** Such as `30s`. */
  readonly interval: string;
  readonly scrapeTimeout: string;
  /** Labels of the samples win over those of the target. @default false */
  readonly honorLabels?: boolean;
  /** Done to every sample before it is stored. @default nothing */
  readonly metricRelabelings?: readonly Relabeling[];
}

export interface PodMonitorProps {
  readonly metadata: ApiObjectMetadata;
  readonly selector: Labels;
  readonly namespaces: readonly string[];
  readonly endpoint: Endpoint;
}

/** Scrapes the pods themselves, so that a pod that is not ready is still seen. */
export class PodMonitor extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, selector, namespaces, endpoint }: PodMonitorProps) {
    super(scope, id, {
      apiVersion: `${GROUP}/v1`,
      kind: 'PodMonitor',
      metadata,
      spec: {
        jobLabel: 'app.kubernetes.io/name',
        selector: { matchLabels: selector },
        namespaceSelector: { matchNames: namespaces },
        podMetricsEndpoints: [endpoint],
      },
    });
  }
}

export interface ServiceEndpoint extends Endpoint {
  readonly scheme: 'https';
  readonly bearerTokenFile: string;
  readonly tlsConfig: { readonly insecureSkipVerify: boolean };
  /** Samples keep the time they were taken at. @default true */
  readonly honorTimestamps?: boolean;
  readonly relabelings: readonly Relabeling[];
}

export interface ServiceMonitorProps {
  readonly metadata: ApiObjectMetadata;
  /** Label of the Service whose value becomes `job`. */
  readonly jobLabel: string;
  readonly selector: Labels;
  readonly namespaces: readonly string[];
  readonly endpoints: readonly ServiceEndpoint[];
}

/** Scrapes what a Service lists, for targets that are no pods. */
export class ServiceMonitor extends ApiObject {
  constructor(
    scope: Construct,
    id: string,
    { metadata, jobLabel, selector, namespaces, endpoints }: ServiceMonitorProps,
  ) {
    super(scope, id, {
      apiVersion: `${GROUP}/v1`,
      kind: 'ServiceMonitor',
      metadata,
      spec: {
        jobLabel,
        selector: { matchLabels: selector },
        namespaceSelector: { matchNames: namespaces },
        endpoints,
      },
    });
  }
}

/** What is said of a container the operator makes: its fields are merged into the operator's by name. */
export interface ContainerPatch {
  readonly name: string;
  readonly image?: string;
  readonly imagePullPolicy?: string;
  readonly resources?: k8s.ResourceRequirements;
  readonly securityContext?: k8s.SecurityContext;
  readonly env?: readonly k8s.EnvVar[];
  readonly volumeMounts?: readonly k8s.VolumeMount[];
  readonly startupProbe?: k8s.Probe;
}

/** What the pods of both kinds have in common. */
export interface ManagedPodSpec {
  readonly version: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly replicas: number;
  readonly podMetadata: { readonly labels: Labels; readonly annotations?: Labels };
  readonly nodeSelector?: Labels;
  readonly tolerations?: readonly k8s.Toleration[];
  readonly affinity?: k8s.Affinity;
  readonly topologySpreadConstraints?: readonly k8s.TopologySpreadConstraint[];
  readonly imagePullSecrets?: readonly k8s.LocalObjectReference[];
  /** Besides those of the operator. */
  readonly volumes?: readonly k8s.Volume[];
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly priorityClassName?: string;
  readonly securityContext: k8s.PodSecurityContext;
  readonly resources: k8s.ResourceRequirements;
  readonly containers: readonly ContainerPatch[];
  readonly initContainers: readonly ContainerPatch[];
  readonly storage: {
    readonly volumeClaimTemplate: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: k8s.PersistentVolumeClaimSpec;
    };
  };
  readonly portName: string;
  readonly logFormat: 'json';
}

export interface RemoteWrite {
  readonly url: string;
  readonly basicAuth?: { readonly username: SecretKey; readonly password: SecretKey };
  readonly authorization?: { readonly credentials: SecretKey };
  readonly proxyUrl?: string;
}

export interface PrometheusSpec extends ManagedPodSpec {
  /** How long samples are kept, such as `200h`. */
  readonly retention: string;
  /** How much of them, such as `16384MiB`. */
  readonly retentionSize: string;
  readonly scrapeInterval: string;
  readonly evaluationInterval: string;
  readonly externalLabels: Labels;
  /** Name of the label that tells this Prometheus from others; empty: none. */
  readonly prometheusExternalLabelName: string;
  readonly replicaExternalLabelName: string;
  readonly serviceDiscoveryRole: 'EndpointSlice';
  readonly podMonitorSelector: LabelSelector;
  readonly serviceMonitorSelector: LabelSelector;
  readonly ruleSelector: LabelSelector;
  /** Samples one target may have. */
  readonly enforcedSampleLimit: number;
  readonly alerting: {
    readonly alertmanagers: readonly {
      readonly namespace: string;
      readonly name: string;
      readonly port: string;
    }[];
  };
  readonly remoteWrite?: readonly RemoteWrite[];
}

export interface PrometheusProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: PrometheusSpec;
}

export class Prometheus extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: PrometheusProps) {
    super(scope, id, { apiVersion: `${GROUP}/v1`, kind: 'Prometheus', metadata, spec: plain(spec) });
  }
}

export interface AlertmanagerSpec extends ManagedPodSpec {
  /** How long silences and resolved alerts are kept, such as `120h`. */
  readonly retention: string;
  /** An AlertmanagerConfig of the same namespace that is the whole configuration. */
  readonly alertmanagerConfiguration?: { readonly name: string };
  /** A Secret with `alertmanager.yaml`, in its place. */
  readonly configSecret?: string;
}

export interface AlertmanagerProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: AlertmanagerSpec;
}

export class Alertmanager extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: AlertmanagerProps) {
    super(scope, id, { apiVersion: `${GROUP}/v1`, kind: 'Alertmanager', metadata, spec: plain(spec) });
  }
}

export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly matchType: '=' | '=~';
}

export interface Receiver {
  readonly name: string;
  readonly webhookConfigs?: readonly {
    readonly urlSecret: SecretKey;
    readonly sendResolved: boolean;
    readonly httpConfig?: { readonly proxyUrl: string };
  }[];
  readonly emailConfigs?: readonly {
    readonly to: string;
    readonly from: string;
    /** Host and port of the mail server. */
    readonly smarthost: string;
    readonly requireTLS: boolean;
    readonly authUsername?: string;
    readonly authPassword?: SecretKey;
    readonly sendResolved: boolean;
  }[];
}

export interface Route {
  readonly receiver: string;
  readonly matchers?: readonly Matcher[];
  readonly groupBy?: readonly string[];
  readonly groupWait?: string;
  readonly groupInterval?: string;
  readonly repeatInterval?: string;
  readonly routes?: readonly Route[];
}

export interface AlertmanagerConfigSpec {
  readonly route: Route;
  readonly receivers: readonly Receiver[];
  /** Alerts that keep others from being sent. */
  readonly inhibitRules: readonly {
    readonly sourceMatch: readonly Matcher[];
    readonly targetMatch: readonly Matcher[];
    readonly equal?: readonly string[];
  }[];
}

export interface AlertmanagerConfigProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: AlertmanagerConfigSpec;
}

export class AlertmanagerConfig extends ApiObject {
  constructor(scope: Construct, id: string, props: AlertmanagerConfigProps) {
    super(scope, id, { apiVersion: `${GROUP}/v1alpha1`, kind: 'AlertmanagerConfig', ...props });
  }
}

/** A rule: an alert or a recording. */
export interface PrometheusRuleEntry {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  /** Such as `5m`. @default 0s */
  readonly for?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export interface PrometheusRuleProps {
  readonly metadata: ApiObjectMetadata;
  readonly groups: readonly { readonly name: string; readonly rules: readonly PrometheusRuleEntry[] }[];
}

export class PrometheusRule extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, groups }: PrometheusRuleProps) {
    super(scope, id, {
      apiVersion: `${GROUP}/v1`,
      kind: 'PrometheusRule',
      metadata,
      spec: { groups },
    });
  }
}
