/** Typed constructs for the CloudNativePG operator and its Barman Cloud plugin: the fields the platform uses. */
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
  /** The Barman Cloud plugin archives the write-ahead log. */
  readonly plugins?: readonly {
    readonly name: string;
    readonly isWALArchiver: boolean;
    readonly parameters: { readonly barmanObjectName: string };
  }[];
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

/** Base backups of a cluster, by a plugin. */
export interface ScheduledBackupSpec {
  /** Six fields, seconds first. */
  readonly schedule: string;
  /** The first one at once. */
  readonly immediate: boolean;
  readonly backupOwnerReference: 'none' | 'self' | 'cluster';
  readonly cluster: { readonly name: string };
  readonly method: 'plugin';
  readonly pluginConfiguration: { readonly name: string };
}

export interface ScheduledBackupProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: ScheduledBackupSpec;
}

export class ScheduledBackup extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: ScheduledBackupProps) {
    super(scope, id, {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'ScheduledBackup',
      metadata,
      spec: plain(spec),
    });
  }
}

/** The identity of the pod, as each provider gives it: no key is stored. */
export type ObjectStoreCredentials =
  | { readonly s3Credentials: { readonly inheritFromIAMRole: true } }
  | { readonly googleCredentials: { readonly gkeEnvironment: true } }
  | { readonly azureCredentials: { readonly inheritFromAzureAD: true } };

export interface ObjectStoreSpec {
  readonly retentionPolicy: string;
  readonly configuration: ObjectStoreCredentials & {
    readonly destinationPath: string;
    readonly wal: { readonly compression: string };
    readonly data: { readonly compression: string };
  };
}

export interface ObjectStoreProps {
  readonly metadata: ApiObjectMetadata;
  readonly spec: ObjectStoreSpec;
}

export class ObjectStore extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, spec }: ObjectStoreProps) {
    super(scope, id, {
      apiVersion: 'barmancloud.cnpg.io/v1',
      kind: 'ObjectStore',
      metadata,
      spec: plain(spec),
    });
  }
}
