/** Alertmanager, as a resource of Prometheus' operator, with its routes to receivers. */
import type { Construct } from 'constructs';
import { Alertmanager, AlertmanagerConfig } from '../../imports/monitoring.coreos.com.ts';
import { addAccount } from '../constructs/base.ts';
import { metadataOf } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import { ALERTMANAGER } from '../graph/model.ts';
import { MANAGED_NAME } from '../graph/monitoring.ts';
import { addService, managedPod } from './managed.ts';
import { routing } from './routing.ts';

const CPU = { request: '20m', limit: '100m' };
const MEMORY = { request: '64Mi', limit: '128Mi' };

export function addAlertmanager(scope: Construct, { config, topology }: PlatformChartProps): void {
  const component = componentOf(topology, ALERTMANAGER);
  const metadata = { ...metadataOf(config, component), name: MANAGED_NAME };
  const { storage, retentionHours, configSecret } = config.monitoring.alertmanager;
  addAccount(scope, config, component);
  if (!configSecret)
    new AlertmanagerConfig(scope, 'alertmanager-config', { metadata, spec: routing(config) });
  new Alertmanager(scope, 'alertmanager', {
    metadata,
    spec: {
      ...managedPod({ config, component, image: 'alertmanager', cpu: CPU, memory: MEMORY, storage }),
      retention: `${retentionHours}h`,
      ...(configSecret ? { configSecret } : { alertmanagerConfiguration: { name: MANAGED_NAME } }),
    },
  });
  addService(scope, config, component);
}
