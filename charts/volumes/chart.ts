/**
 * Every volume, in a file of its own that is applied before what uses it.
 *
 * A StatefulSet cannot change its volumeClaimTemplates, so such a volume could never grow. A separate claim can grow
 * where its storage class allows expansion, and it outlives the StatefulSet.
 */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import { KEPT, UNBOUND } from '../constructs/kept.ts';
import { metadataOf } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { volumeClaim } from '../constructs/pod.ts';
import { claimOf } from '../constructs/store.ts';
import { componentOf } from '../graph/build.ts';
import {
  ALERTMANAGER,
  backupOf,
  ELASTICSEARCH,
  LOGSTASH,
  PROMETHEUS,
  postgresOf,
  REDIS,
  type Topology,
} from '../graph/model.ts';
import { managedClaimOf } from '../graph/monitoring.ts';
import { LOGSTASH_STORAGE } from '../logging/logstash.ts';

/** A claim, its component and its size. */
interface Volume {
  readonly claim: string;
  readonly component: string;
  readonly size: string;
}

/** The volumes of an environment. CloudNativePG creates and grows its instances' volumes itself. */
function volumesOf(config: Config, topology: Topology): readonly Volume[] {
  const store = (component: string, size: string): Volume => ({ claim: claimOf(component), component, size });
  const managed = (component: string, size: string): Volume => ({
    claim: managedClaimOf(component),
    component,
    size,
  });
  const withDatabase = topology.services.filter(({ database }) => database).map(({ name }) => name);
  return [
    ...(config.redis.engine === 'statefulset' ? [store(REDIS, config.redis.storage)] : []),
    ...(config.databases.engine === 'statefulset'
      ? withDatabase.map((name) => store(postgresOf(name), config.databases.storage))
      : []),
    ...(config.backups.enabled
      ? withDatabase.map((name) => ({
          claim: backupOf(name),
          component: backupOf(name),
          size: config.backups.storage,
        }))
      : []),
    ...(config.monitoring.enabled
      ? [
          managed(PROMETHEUS, config.monitoring.storage),
          managed(ALERTMANAGER, config.monitoring.alertmanager.storage),
        ]
      : []),
    ...(config.logging.enabled
      ? [store(ELASTICSEARCH, config.logging.storage), store(LOGSTASH, LOGSTASH_STORAGE)]
      : []),
  ];
}

export class Volumes extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props);
    const { config, topology } = props;
    for (const { claim, component, size } of volumesOf(config, topology)) {
      const owner = componentOf(topology, component);
      new k8s.KubePersistentVolumeClaim(this, `${component}-volume`, {
        metadata: {
          ...metadataOf(config, owner),
          name: claim,
          annotations: { ...KEPT, ...(owner.presence === 'scheduled' ? UNBOUND : {}) },
        },
        spec: volumeClaim(config, size),
      });
    }
  }
}
