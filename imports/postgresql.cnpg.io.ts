/** Typed construct for the CloudNativePG operator: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { plain } from './plain.ts';

export interface ClusterSpec {
  readonly instances: number;
  readonly imageName: string;
  readonly bootstrap: {
    readonly initdb: {
      readonly database: string;
      readonly owner: string;
      readonly secret: { readonly name: string };
    };
  };
  readonly enableSuperuserAccess: boolean;
  readonly superuserSecret: { readonly name: string };
  readonly postgresql: { readonly parameters: Readonly<Record<string, string>> };
  readonly storage: { readonly size: string; readonly storageClass?: string };
  readonly resources?: k8s.ResourceRequirements;
  readonly monitoring: { readonly enablePodMonitor: boolean };
  readonly affinity: {
    readonly podAntiAffinityType: 'preferred' | 'required';
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: readonly k8s.Toleration[];
    readonly nodeAffinity?: k8s.NodeAffinity;
    readonly additionalPodAffinity?: k8s.PodAffinity;
    readonly additionalPodAntiAffinity?: k8s.PodAntiAffinity;
  };
  readonly topologySpreadConstraints?: readonly k8s.TopologySpreadConstraint[];
  readonly imagePullSecrets?: readonly k8s.LocalObjectReference[];
  readonly priorityClassName?: string;
  /** Labels and annotations of everything the operator makes for the cluster, its pods among them. */
  readonly inheritedMetadata?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** WAL archive and base backups, for point-in-time recovery. */
  readonly backup?: {
    readonly retentionPolicy: string;
    readonly barmanObjectStore: {
      readonly destinationPath: string;
      readonly wal: { readonly compression: string };
      readonly s3Credentials: { readonly inheritFromIAMRole: boolean };
    };
  };
}

export interface ClusterProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: ClusterSpec;
}

export class Cluster extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: ClusterProps) {
    super(scope, id, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata, spec: plain(spec) });
  }
}
