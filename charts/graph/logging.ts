/** Logging in the graph: who sends lines to whom. Filebeat reads its node's files and needs only Logstash. */
import {
  type Component,
  type ComponentKind,
  type Edge,
  ELASTICSEARCH,
  type ExternalEdge,
  FILEBEAT,
  KIBANA,
  LOGGING_SETUP,
  LOGSTASH,
  labelOf,
  PORTS,
  type Port,
  type Zone,
} from './model.ts';

const component = (
  name: string,
  title: string,
  ports: readonly Port[],
  zone: Zone = 'logging',
  kind: ComponentKind = 'logging',
): Component => ({
  name,
  title,
  kind,
  zone,
  network: 'monitoring',
  ports,
  selector: labelOf(name),
  presence: kind === 'job' ? 'scheduled' : 'always',
});

export const LOGGING_COMPONENTS: readonly Component[] = [
  component(FILEBEAT, 'Log collector', [], 'node-agents'),
  component(LOGSTASH, 'Log pipeline', [{ name: 'beats', number: PORTS.beats }]),
  component(ELASTICSEARCH, 'Log store', [{ name: 'https', number: PORTS.elasticsearch }]),
  component(KIBANA, 'Log search', [{ name: 'https', number: PORTS.kibana }]),
  component(LOGGING_SETUP, 'Set-up of the log store', [], 'logging', 'job'),
];

export const LOGGING_EDGES: readonly Edge[] = [
  { from: FILEBEAT, to: LOGSTASH, port: 'beats' },
  { from: LOGSTASH, to: ELASTICSEARCH, port: 'https' },
  { from: KIBANA, to: ELASTICSEARCH, port: 'https' },
  { from: LOGGING_SETUP, to: ELASTICSEARCH, port: 'https' },
  { from: LOGGING_SETUP, to: KIBANA, port: 'https' },
];

/** Only snapshots leave the cluster. */
export const loggingExternals = (snapshots: boolean): readonly ExternalEdge[] =>
  snapshots ? [{ from: ELASTICSEARCH, to: 'object-store' }] : [];
