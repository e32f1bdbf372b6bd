/** PostgreSQL as a CloudNativePG Cluster, in place of the StatefulSet (docs/adr/0006). */

import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  Cluster,
  type ClusterSpec,
  ObjectStore,
  type ObjectStoreCredentials,
  ScheduledBackup,
} from '../../imports/postgresql.cnpg.io.ts';
import { thirdPartyImage } from '../config/images.ts';
import { podSettings } from '../config/pods.ts';
import type { Config } from '../config/schema.ts';
import { KEPT } from '../constructs/kept.ts';
import { componentLabels, priorityClass } from '../constructs/names.ts';
import { resources, scratch } from '../constructs/pod.ts';
import { podTemplate } from '../constructs/template.ts';
import type { Component } from '../graph/model.ts';
import { appSecret, databaseOf, superuserSecret } from './database.ts';
import type { PostgresProps } from './postgres.ts';
import { postgresParameters } from './postgres-config.ts';

/** Scratch space for the instance manager (about 100 MB) and its sockets. */
const SCRATCH = scratch('scratch', '512Mi');
/** Archives WAL and takes backups; the operator deprecates its built-in interface since 1.26. */
const PLUGIN = 'barman-cloud.cloudnative-pg.io';
/** The operator sets these parameters itself and refuses other values. */
const MANAGED = ['shared_preload_libraries'];

/** Where instances run, as fields of a Cluster. */
function placement(pod: k8s.PodSpec): Partial<ClusterSpec> & Pick<ClusterSpec, 'affinity'> {
  const { nodeAffinity, podAffinity, podAntiAffinity } = pod.affinity ?? {};
  return {
    affinity: {
      podAntiAffinityType: 'preferred',
      ...(pod.nodeSelector ? { nodeSelector: pod.nodeSelector } : {}),
      ...(pod.tolerations ? { tolerations: pod.tolerations } : {}),
      ...(nodeAffinity ? { nodeAffinity } : {}),
      ...(podAffinity ? { additionalPodAffinity: podAffinity } : {}),
      ...(podAntiAffinity ? { additionalPodAntiAffinity: podAntiAffinity } : {}),
    },
    ...(pod.topologySpreadConstraints ? { topologySpreadConstraints: pod.topologySpreadConstraints } : {}),
    ...(pod.imagePullSecrets ? { imagePullSecrets: pod.imagePullSecrets } : {}),
    ...(pod.priorityClassName ? { priorityClassName: pod.priorityClassName } : {}),
  };
}

export function addCloudNativePg(scope: Construct, { config, component, spec }: PostgresProps): void {
  const { databases } = config;
  const { name, user } = databaseOf(config, spec);
  const { podLabels, podAnnotations } = podSettings(config, component);
  const { spec: pod } = podTemplate({
    config,
    component,
    spec: {
      priorityClassName: priorityClass(config, 'critical'),
      containers: [
        {
          name: 'postgres',
          resources: resources(config, databases.cpu, databases.memory),
          volumeMounts: [{ name: SCRATCH.name, mountPath: '/controller' }],
        },
      ],
      volumes: [SCRATCH],
    },
  });
  const parameters = Object.entries(postgresParameters(config, spec.name)).filter(
    ([key]) => !MANAGED.includes(key),
  );
  new Cluster(scope, component.name, {
    metadata: {
      name: component.name,
      labels: componentLabels(config, component),
      annotations: { ...KEPT },
    },
    spec: {
      instances: databases.instances,
      imageName: thirdPartyImage(config, 'cloudNativePg'),
      bootstrap: { initdb: { database: name, owner: user, secret: { name: appSecret(spec.name) } } },
      enableSuperuserAccess: true,
      superuserSecret: { name: superuserSecret(spec.name) },
      postgresql: { parameters: Object.fromEntries(parameters) },
      storage: {
        size: databases.storage,
        ...(config.storageClass ? { storageClass: config.storageClass } : {}),
      },
      ...(pod.containers[0]?.resources ? { resources: pod.containers[0].resources } : {}),
      inheritedMetadata: { labels: { ...podLabels }, annotations: { ...podAnnotations } },
      // The topology defines the scrape targets.
      monitoring: { enablePodMonitor: false },
      ...placement(pod),
      ...(databases.walArchive
        ? {
            plugins: [
              { name: PLUGIN, isWALArchiver: true, parameters: { barmanObjectName: component.name } },
            ],
          }
        : {}),
    },
  });
  if (databases.walArchive) addBackups(scope, config, component, databases.walArchive);
}

/** WAL alone restores nothing: PostgreSQL replays it on a base backup, which the plugin takes each night. */
function addBackups(scope: Construct, config: Config, component: Component, destinationPath: string): void {
  const { name } = component;
  const metadata = { name, labels: componentLabels(config, component) };
  new ObjectStore(scope, `${name}-object-store`, {
    metadata,
    spec: {
      retentionPolicy: `${config.backups.retentionDays}d`,
      configuration: {
        destinationPath,
        wal: { compression: 'gzip' },
        data: { compression: 'gzip' },
        ...credentialsOf(destinationPath),
      },
    },
  });
  new ScheduledBackup(scope, `${name}-base-backup`, {
    metadata,
    spec: {
      // The operator's cron expressions begin with seconds.
      schedule: `0 ${config.backups.schedule}`,
      immediate: true,
      backupOwnerReference: 'self',
      cluster: { name },
      method: 'plugin',
      pluginConfiguration: { name: PLUGIN },
    },
  });
}

/** Credentials by the address's scheme: Amazon's and compatible stores, Google's, Azure's. */
function credentialsOf(address: string): ObjectStoreCredentials {
  if (address.startsWith('gs://')) return { googleCredentials: { gkeEnvironment: true } };
  if (address.startsWith('https://')) return { azureCredentials: { inheritFromAzureAD: true } };
  return { s3Credentials: { inheritFromIAMRole: true } };
}
