/** Names and labels of the platform's objects. */
import type { Config } from '../config/schema.ts';
import type { Component, Zone } from '../graph/model.ts';

/** On every object; its value is the environment. The command prunes labelled objects no longer rendered. */
export const INVENTORY_LABEL = 'ai-assistants/inventory';
export const PART_OF = 'ai-assistants';
export const NAME_LABEL = 'app.kubernetes.io/name';

const NAMESPACES: Readonly<Record<Zone, string>> = {
  app: 'assistants',
  edge: 'assistants-edge',
  monitoring: 'assistants-monitoring',
  logging: 'assistants-logging',
  'node-agents': 'assistants-node-agents',
};

/** Namespace of a zone in an environment. */
export const namespaceOf = (config: Config, zone: Zone): string =>
  config.namespaces[zone] ?? `${NAMESPACES[zone]}${config.nameSuffix}`;

const nodeExporterRuns = ({ monitoring }: Config): boolean =>
  monitoring.enabled && monitoring.nodeExporter.enabled;

/** Zones that exist with this configuration. */
export function zonesOf(config: Config): readonly Zone[] {
  return [
    'app',
    ...(config.edge.controller === 'traefik' ? (['edge'] as const) : []),
    ...(config.monitoring.enabled ? (['monitoring'] as const) : []),
    ...(config.logging.enabled ? (['logging'] as const) : []),
    ...(nodeExporterRuns(config) || config.logging.enabled ? (['node-agents'] as const) : []),
  ];
}

/** Labels of every object of an environment. */
export const platformLabels = (config: Config): Record<string, string> => ({
  'app.kubernetes.io/part-of': PART_OF,
  'app.kubernetes.io/managed-by': 'cdk8s',
  [INVENTORY_LABEL]: config.environment,
});

/** Labels of a component's objects and pods. */
export const componentLabels = (config: Config, component: Component): Record<string, string> => ({
  [NAME_LABEL]: component.name,
  'app.kubernetes.io/component': component.kind,
  ...platformLabels(config),
});

/** Name, namespace and labels of a component's objects. */
export const metadataOf = (config: Config, component: Component) => ({
  name: component.name,
  namespace: namespaceOf(config, component.zone),
  labels: componentLabels(config, component),
});

/** Priority class of a kind of workload. */
export const priorityClass = (config: Config, level: 'critical' | 'standard' | 'batch'): string =>
  `assistants-${level}${config.nameSuffix}`;
