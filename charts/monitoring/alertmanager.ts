/** Alertmanager, as a resource of Prometheus' operator, with its routes to receivers. */
import type { Construct } from 'constructs';
import { Alertmanager, AlertmanagerConfig } from '../../imports/monitoring.coreos.com.ts';
import { componentLabels, namespaceOf } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import { ALERTMANAGER } from '../graph/model.ts';
import { MANAGED_NAME } from '../graph/monitoring.ts';
import { addAccount } from './access.ts';
import { addService, managedPod } from './managed.ts';
import { routing } from './routing.ts';

const CPU = { request: '20m', limit: '100m' };
const MEMORY = { request: '64Mi', limit: '128Mi' };

export function addAlertmanager(scope: Construct, { config, topology }: PlatformChartProps): void {
  const component = componentOf(topology, ALERTMANAGER);
  const labels = componentLabels(config, component);
  const { storage, retentionHours, configSecret } = config.monitoring.alertmanager;
  addAccount(scope, { name: ALERTMANAGER, namespace: namespaceOf(config, component.zone), labels });
  if (!configSecret)
    new AlertmanagerConfig(scope, 'alertmanager-config', {
      metadata: { name: MANAGED_NAME, labels },
      spec: routing(config),
    });
  new Alertmanager(scope, 'alertmanager', {
    metadata: { name: MANAGED_NAME, labels },
    spec: {
      ...managedPod({ config, component, image: 'alertmanager', cpu: CPU, memory: MEMORY, storage }),
      retention: `${retentionHours}h`,
      ...(configSecret ? { configSecret } : { alertmanagerConfiguration: { name: MANAGED_NAME } }),
    },
  });
  addService(scope, config, component, 'web');
}
