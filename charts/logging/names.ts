/** Names that several parts of logging share: users, Secrets, the data stream. */
import type { Config } from '../config/schema.ts';
import { namespaceOf } from '../constructs/names.ts';
import { ELASTICSEARCH, FILEBEAT, KIBANA, LOGSTASH, PORTS, type Zone } from '../graph/model.ts';

/** uid and gid of the images of Elastic. */
export const ELASTIC_USER = 1000;
/** Where Secrets are mounted, one file a key. */
export const SECRETS = '/run/secrets/logging';

/** Users of Elasticsearch; each one's password is the key of its name in the Secret. */
export const USERS = {
  superuser: 'elastic',
  kibana: 'kibana_system',
  writer: 'logstash_writer',
  /** May search and change nothing: for people and for `./platform`. */
  reader: 'log_reader',
} as const;
export const USERS_SECRET = 'logging-users';

/** Settings of Kibana that are keys, and the keys of the Secret they come from. */
export const KIBANA_KEYS = {
  'xpack.security.encryptionKey': 'session',
  'xpack.encryptedSavedObjects.encryptionKey': 'saved-objects',
} as const;
export const KIBANA_SECRET = 'kibana-keys';
export const SNAPSHOT_SECRET = 'elasticsearch-snapshots';

/** Components with a certificate, and their zones. One authority signs all, so that all trust each other. */
export const CERTIFIED: readonly { readonly name: string; readonly zone: Zone }[] = [
  { name: ELASTICSEARCH, zone: 'logging' },
  { name: LOGSTASH, zone: 'logging' },
  { name: KIBANA, zone: 'logging' },
  { name: FILEBEAT, zone: 'node-agents' },
];
export const certificateSecret = (component: string): string => `${component}-tls`;

/** Names a component is called by; `localhost` is for `kubectl port-forward`. */
export function dnsNamesOf(config: Config, name: string, zone: Zone): readonly string[] {
  const namespace = namespaceOf(config, zone);
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, 'localhost'];
}

/** The data stream all lines go to, by the naming scheme of Elasticsearch: type, data set, namespace. */
export const STREAM = { type: 'logs', dataset: 'assistants' } as const;
export const dataStream = ({ environment }: Config): string =>
  `${STREAM.type}-${STREAM.dataset}-${environment}`;

export const elasticsearchUrl = `https://${ELASTICSEARCH}:${PORTS.elasticsearch}`;
export const kibanaUrl = `https://${KIBANA}:${PORTS.kibana}`;
