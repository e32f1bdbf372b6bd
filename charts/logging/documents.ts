/** Bodies of Elasticsearch's and Kibana's APIs, made from the fields and the configuration. */
import type { Config } from '../config/schema.ts';
import { FIELDS, type FieldName, type FieldType, KUBERNETES_FIELDS } from './fields.ts';
import { dataStream, STREAM, USERS } from './names.ts';

/** Name of the lifecycle, the template, the snapshots, and of the data view in Kibana. */
export const NAME = 'assistants-logs';
const PATTERN = `${STREAM.type}-${STREAM.dataset}-*`;
/** Above the 100 of Elasticsearch's own template for `logs-*-*`. */
const PRIORITY = 500;
/** Elasticsearch keeps longer words without indexing them: Lucene takes 32,766 bytes at most. */
const LONGEST_KEYWORD = 1024;

type Json = Readonly<Record<string, unknown>>;

function mapping(type: FieldType): Json {
  return type === 'keyword' || type === 'flattened' ? { type, ignore_above: LONGEST_KEYWORD } : { type };
}

/** `kubernetes.pod.name` becomes an object in an object. */
function nested(fields: Readonly<Record<string, FieldType>>): Json {
  const properties: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(fields)) {
    const [head = '', ...rest] = name.split('.');
    properties[head] =
      rest.length === 0
        ? mapping(type)
        : {
            properties: nested(
              Object.fromEntries(
                Object.entries(fields)
                  .filter(([other]) => other.startsWith(`${head}.`))
                  .map(([other, otherType]) => [other.slice(head.length + 1), otherType]),
              ),
            ),
          };
  }
  return properties;
}

/** Every indexed field and its type. The filter puts all other fields into `extra`. */
export const mappingProperties = (): Json => ({
  '@timestamp': { type: 'date' },
  data_stream: {
    properties: Object.fromEntries(
      ['type', 'dataset', 'namespace'].map((part) => [part, { type: 'constant_keyword' }]),
    ),
  },
  ...nested({ ...FIELDS, ...KUBERNETES_FIELDS }),
});

export const indexTemplate = (): Json => ({
  index_patterns: [PATTERN],
  data_stream: {},
  priority: PRIORITY,
  template: {
    settings: {
      'index.lifecycle.name': NAME,
      // There is one node, so a replica would have no place.
      'index.number_of_shards': 1,
      'index.number_of_replicas': 0,
      'index.codec': 'best_compression',
      'index.refresh_interval': '5s',
      // Elasticsearch keeps a value of another type without indexing it, so no line is lost.
      'index.mapping.ignore_malformed': true,
      'index.query.default_field': [
        'message',
        'error',
        'errors',
        'exception',
        'reason',
        'request_id',
        'path',
      ],
    },
    mappings: { dynamic: false, date_detection: false, properties: mappingProperties() },
  },
});

/** Starts an index every day or at 5 GB, and deletes it when its newest line reaches the retention. */
export const lifecycle = ({ logging }: Config): Json => ({
  policy: {
    phases: {
      hot: { actions: { rollover: { max_age: '1d', max_primary_shard_size: '5gb' } } },
      delete: { min_age: `${logging.retentionDays}d`, actions: { delete: {} } },
    },
  },
});

export const WRITER_ROLE: Json = {
  cluster: ['monitor'],
  indices: [{ names: [PATTERN], privileges: ['auto_configure', 'create_doc'] }],
};
/** To read lines, in Kibana too; Elasticsearch's own role `viewer` would read every index. */
export const READER_ROLE: Json = {
  cluster: [],
  indices: [{ names: [PATTERN], privileges: ['read', 'view_index_metadata'] }],
  applications: [{ application: 'kibana-.kibana', privileges: ['read'], resources: ['*'] }],
};

/** A user; the set-up Job fills in the password when it sends the request. */
export const user = (name: string, roles: readonly string[]): Json => ({ password: `@${name}@`, roles });
export const password = (name: string): Json => ({ password: `@${name}@` });

export type Snapshots = NonNullable<Config['logging']['snapshots']>;

export const snapshotRepository = ({ bucket, prefix }: Snapshots): Json => ({
  type: 's3',
  settings: { bucket, base_path: prefix, compress: true },
});

export const snapshotPolicy = ({ schedule, retentionDays }: Snapshots, config: Config): Json => ({
  schedule,
  name: `<${NAME}-{now/d}>`,
  repository: NAME,
  config: { indices: [dataStream(config)], include_global_state: true },
  retention: { expire_after: `${retentionDays}d`, min_count: 3 },
});

/** A saved search: what it is for, in the query language of Kibana, and what it shows. */
export interface Search {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly query: string;
  readonly columns: readonly FieldName[];
  /** Finds lines of the platform's own edge, which some environments do not have. @default false */
  readonly ofOwnEdge?: boolean;
}

export const SEARCHES: readonly Search[] = [
  {
    id: 'errors',
    title: 'Errors',
    description: 'What went wrong anywhere, newest first.',
    query: 'level: (error or critical)',
    columns: ['level', 'component', 'message', 'error', 'request_id'],
  },
  {
    id: 'request',
    title: 'One request',
    description: 'All lines of a request: put its request_id, which every answer carries in X-Request-Id.',
    query: 'request_id: *',
    columns: ['request_id', 'component', 'level', 'message', 'path', 'status', 'duration_ms'],
  },
  {
    id: 'slow-requests',
    title: 'Slow requests',
    description: 'Answers that took longer than a second.',
    query: 'status: * and duration_ms > 1000',
    columns: ['component', 'method', 'path', 'status', 'duration_ms', 'upstream', 'request_id'],
  },
  {
    id: 'failed-requests',
    title: 'Failed requests at the edge',
    description: 'Answers of 500 and above, as clients saw them.',
    query: 'component: traefik and status >= 500',
    columns: ['host', 'method', 'path', 'status', 'backend', 'duration_ms', 'request_id'],
    ofOwnEdge: true,
  },
  {
    id: 'audit',
    title: 'Audit and alerts',
    description: 'Copies of audit entries, alerts, and complaints of the audit log.',
    query: 'component: security and (action: * or alert_id: * or sequence: *)',
    columns: ['level', 'message', 'action', 'actor', 'resource', 'outcome', 'severity', 'subject'],
  },
  {
    id: 'synchronization',
    title: '1C synchronization',
    description: 'Jobs and what stopped them.',
    query: 'component: onec-integration and (job_id: * or entity_set: *)',
    columns: ['level', 'message', 'job_id', 'entity_set', 'outcome', 'reason', 'attempt'],
  },
  {
    id: 'models',
    title: 'Model providers',
    description: 'Failures of providers and fallbacks.',
    query: 'component: ai-assistant and (provider: * or model: *)',
    columns: ['level', 'message', 'provider', 'model', 'provider_status', 'provider_error', 'request_id'],
  },
  {
    id: 'databases',
    title: 'Databases',
    description: 'PostgreSQL and Redis, slow statements too.',
    query: 'component: (postgres-* or redis)',
    columns: ['level', 'component', 'message'],
  },
];

const SEARCH_SOURCE = 'kibanaSavedObjectMeta.searchSourceJSON.index';

/** The data view and the saved searches, one JSON object a line, as Kibana imports them. */
export function savedObjects({ edge }: Config): string {
  const view = {
    type: 'index-pattern',
    id: NAME,
    attributes: { name: 'Assistants: logs', title: PATTERN, timeFieldName: '@timestamp', allowNoIndex: true },
    references: [],
  };
  const shown = SEARCHES.filter(({ ofOwnEdge = false }) => !ofOwnEdge || edge.controller === 'traefik');
  const searches = shown.map(({ id, title, description, query, columns }) => ({
    type: 'search',
    id: `${NAME}-${id}`,
    attributes: {
      title: `Assistants: ${title}`,
      description,
      columns,
      sort: [['@timestamp', 'desc']],
      grid: {},
      hideChart: false,
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({
          query: { query, language: 'kuery' },
          filter: [],
          indexRefName: SEARCH_SOURCE,
        }),
      },
    },
    references: [{ name: SEARCH_SOURCE, type: 'index-pattern', id: NAME }],
  }));
  return [view, ...searches].map((object) => `${JSON.stringify(object)}\n`).join('');
}

/** One request of the set-up. */
interface SetupRequest {
  readonly target: 'elasticsearch' | 'kibana';
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  /** Name and content of the body. @default none */
  readonly body?: readonly [string, string];
  /** Accepted statuses. @default 200 */
  readonly statuses?: readonly number[];
}

function requests(config: Config): SetupRequest[] {
  const put = (path: string, name: string, body: Json): SetupRequest => ({
    target: 'elasticsearch',
    method: 'PUT',
    path,
    body: [`${name}.json`, JSON.stringify(body)],
  });
  const { snapshots } = config.logging;
  return [
    put(`/_ilm/policy/${NAME}`, 'lifecycle', lifecycle(config)),
    put(`/_index_template/${NAME}`, 'template', indexTemplate()),
    // The next line starts an index of the new template. Before the first line the answer is 404.
    {
      target: 'elasticsearch',
      method: 'POST',
      path: `/${dataStream(config)}/_rollover?lazy=true`,
      statuses: [200, 404],
    },
    put(`/_security/role/${USERS.writer}`, 'writer-role', WRITER_ROLE),
    put(`/_security/role/${USERS.reader}`, 'reader-role', READER_ROLE),
    put(`/_security/user/${USERS.writer}`, 'writer', user(USERS.writer, [USERS.writer])),
    put(`/_security/user/${USERS.reader}`, 'reader', user(USERS.reader, [USERS.reader])),
    put(`/_security/user/${USERS.kibana}/_password`, 'kibana', password(USERS.kibana)),
    ...(snapshots
      ? [
          put(`/_snapshot/${NAME}`, 'repository', snapshotRepository(snapshots)),
          put(`/_slm/policy/${NAME}`, 'snapshots', snapshotPolicy(snapshots, config)),
        ]
      : []),
    {
      target: 'kibana',
      method: 'POST',
      path: '/api/saved_objects/_import?overwrite=true',
      body: ['objects.ndjson', savedObjects(config)],
    },
    {
      target: 'kibana',
      method: 'POST',
      path: '/api/data_views/default',
      body: ['default-view.json', JSON.stringify({ data_view_id: NAME, force: true })],
    },
  ];
}

/** Files of the set-up: `requests.txt`, one request a line, and the bodies it names. */
export function setupFiles(config: Config): Readonly<Record<string, string>> {
  const all = requests(config);
  const lines = all.map(({ target, method, path, body, statuses = [200] }) =>
    [target, method, path, body?.[0] ?? '-', statuses.join(',')].join(' '),
  );
  return {
    'requests.txt': `${lines.join('\n')}\n`,
    ...Object.fromEntries(all.flatMap(({ body }) => (body ? [body] : []))),
  };
}
