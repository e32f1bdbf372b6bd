/** The other engine: a CloudNativePG cluster in place of the StatefulSet (docs/adr/0006). */

import type { Construct } from 'constructs';
import { Cluster } from '../../imports/postgresql.cnpg.io.ts';
import { thirdPartyImage } from '../config/images.ts';
import { withDisk } from '../constructs/disk.ts';
import { componentLabels, priorityClass } from '../constructs/names.ts';
import { resources } from '../constructs/pod.ts';
import { bytesOf } from '../constructs/quantity.ts';
import { appSecret, databaseOf, superuserSecret } from './database.ts';
import type { PostgresProps } from './postgres.ts';
import { postgresParameters } from './postgres-config.ts';

/** What the operator's own program and its sockets take of the scratch space it mounts; the program has some 100 MB. */
const SCRATCH = bytesOf('512Mi');
/** The operator sets these itself and refuses others' values. */
const MANAGED = ['shared_preload_libraries'];

export function addCloudNativePg(scope: Construct, { config, component, spec }: PostgresProps): void {
  const { databases } = config;
  const { name, user } = databaseOf(config, spec.database ?? { name: '', user: '' });
  const parameters = Object.entries(postgresParameters(config)).filter(([key]) => !MANAGED.includes(key));
  new Cluster(scope, component.name, {
    metadata: { name: component.name, labels: componentLabels(config, component) },
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
      resources: withDisk(resources(config, databases.cpu, databases.memory), SCRATCH),
      // Scrape targets come from the topology.
      monitoring: { enablePodMonitor: false },
      affinity: { podAntiAffinityType: 'preferred' },
      priorityClassName: priorityClass(config, 'critical'),
      ...(databases.walArchive
        ? {
            backup: {
              retentionPolicy: `${config.backups.retentionDays}d`,
              barmanObjectStore: {
                destinationPath: databases.walArchive,
                wal: { compression: 'gzip' },
                s3Credentials: { inheritFromIAMRole: true },
              },
            },
          }
        : {}),
    },
  });
}
