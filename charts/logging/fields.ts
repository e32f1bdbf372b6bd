/**
 * Every field a log line has in Elasticsearch. The index template, the Logstash filter and the columns of the saved
 * searches derive from this list. Other fields of a program go to `extra` and are searchable as `extra.NAME`.
 */

/** A mapping type of Elasticsearch. `text` is cut into words; `keyword` is found as a whole; `flattened` takes any object. */
export type FieldType = 'keyword' | 'text' | 'long' | 'double' | 'boolean' | 'ip' | 'flattened';

export const FIELDS = {
  // What every line has.
  level: 'keyword',
  logger: 'keyword',
  message: 'text',
  service: 'keyword',
  version: 'keyword',
  // Names of Secrets a program read again.
  changed: 'keyword',
  environment: 'keyword',
  /** The component of the topology whose pod wrote the line. */
  component: 'keyword',
  stream: 'keyword',

  // One request through all services.
  request_id: 'keyword',
  trace_id: 'keyword',
  method: 'keyword',
  path: 'keyword',
  route: 'keyword',
  protocol: 'keyword',
  host: 'keyword',
  status: 'long',
  duration_ms: 'double',
  client: 'ip',
  user_agent: 'keyword',
  user_id: 'keyword',

  // The edge.
  entry_point: 'keyword',
  router: 'keyword',
  backend: 'keyword',
  backend_url: 'keyword',
  backend_status: 'long',
  backend_ms: 'double',
  bytes_received: 'long',
  bytes_sent: 'long',
  retries: 'long',
  tls_version: 'keyword',
  middleware: 'keyword',

  // The gateway.
  upstream: 'keyword',
  endpoint: 'keyword',
  let_through: 'boolean',
  hostname: 'keyword',
  port: 'long',
  name: 'keyword',
  kid: 'keyword',
  url: 'keyword',
  drain_seconds: 'double',
  shutdown_timeout_seconds: 'double',

  // Faults.
  error: 'text',
  errors: 'text',
  exception: 'text',
  reason: 'text',
  check: 'keyword',
  missing: 'keyword',
  pause_seconds: 'double',
  seconds_left: 'double',
  attempt: 'long',
  attempts: 'long',

  // Events between services.
  event_id: 'keyword',
  event_type: 'keyword',
  events: 'long',
  entry: 'keyword',
  fields: 'keyword',

  // Models.
  model: 'keyword',
  provider: 'keyword',
  provider_status: 'long',
  provider_error: 'keyword',
  provider_request_id: 'keyword',
  tokens: 'long',
  usage: 'flattened',
  providers: 'keyword',
  markers: 'keyword',
  conversations: 'long',

  // 1C.
  entity_set: 'keyword',
  job_id: 'keyword',
  late: 'long',
  listed: 'long',
  said: 'text',
  key: 'keyword',
  outcome: 'keyword',
  resource: 'keyword',
  root: 'keyword',
  rows: 'long',
  user: 'keyword',

  // Databases.
  migrated: 'flattened',

  // Accounts, security, audit.
  action: 'keyword',
  actor: 'keyword',
  alert_id: 'keyword',
  channel: 'keyword',
  count: 'long',
  entries: 'long',
  from: 'long',
  hash: 'keyword',
  keys_kept: 'long',
  kind: 'keyword',
  notification_id: 'keyword',
  sequence: 'long',
  severity: 'keyword',
  state: 'keyword',
  subject: 'keyword',

  // Reports.
  drawing: 'keyword',

  /** Fields without an entry of their own. */
  extra: 'flattened',
} as const satisfies Readonly<Record<string, FieldType>>;
export type FieldName = keyof typeof FIELDS;

/** Where the line came from, as Filebeat writes it. */
export const KUBERNETES_FIELDS = {
  'kubernetes.namespace': 'keyword',
  'kubernetes.pod.name': 'keyword',
  'kubernetes.pod.uid': 'keyword',
  'kubernetes.container.name': 'keyword',
  'kubernetes.node.name': 'keyword',
  'log.offset': 'long',
  'log.file.path': 'keyword',
} as const satisfies Readonly<Record<string, FieldType>>;

/** `timestamp` is the line's own time; it becomes `@timestamp`. */
type Target = FieldName | 'timestamp';

/** Other programs' names for these fields; the filter finds a name with dots nested or flat. */
export const ALIASES: Readonly<Record<string, Target>> = {
  '@timestamp': 'timestamp',
  time: 'timestamp',
  ts: 'timestamp',
  timeMillis: 'timestamp',
  StartUTC: 'timestamp',
  lvl: 'level',
  'log.level': 'level',
  'log.logger': 'logger',
  loggerName: 'logger',
  source: 'logger',
  msg: 'message',
  'logEvent.message': 'message',
  err: 'error',
  'error.message': 'error',
  'error.stack_trace': 'exception',
  'service.name': 'service',
  'service.version': 'version',

  // Traefik's access log.
  // The id of the answer, else that of the request.
  'downstream_X-Request-Id': 'request_id',
  'request_X-Request-Id': 'request_id',
  'request_User-Agent': 'user_agent',
  RequestMethod: 'method',
  RequestPath: 'path',
  RequestProtocol: 'protocol',
  RequestHost: 'host',
  RequestContentSize: 'bytes_received',
  DownstreamStatus: 'status',
  DownstreamContentSize: 'bytes_sent',
  ClientHost: 'client',
  entryPointName: 'entry_point',
  RouterName: 'router',
  ServiceName: 'backend',
  ServiceAddr: 'backend_url',
  OriginStatus: 'backend_status',
  RetryAttempts: 'retries',
  TLSVersion: 'tls_version',
  middlewareName: 'middleware',
};

/** Durations other programs write in nanoseconds. */
export const NANOSECONDS: Readonly<Record<string, FieldName>> = {
  Duration: 'duration_ms',
  OriginDuration: 'backend_ms',
};

/** Fields the filter drops: they repeat another field, or say nothing. */
export const DROPPED: readonly string[] = [
  'ClientAddr',
  'ClientPort',
  'ClientUsername',
  'DownstreamContentEncoding',
  'OriginContentSize',
  'Overhead',
  'RequestAddr',
  'RequestCount',
  'RequestPort',
  'RequestScheme',
  'ServiceURL',
  'StartLocal',
  'TLSCipher',
  'GzipRatio',
  'origin_X-Request-Id',
  'ecs.version',
];

/** Other programs' names for levels, in lower case; other names stay as they are. */
export const LEVELS: Readonly<Record<string, string>> = {
  trace: 'debug',
  verbose: 'debug',
  notice: 'info',
  log: 'info',
  detail: 'info',
  hint: 'info',
  statement: 'info',
  context: 'info',
  warn: 'warning',
  err: 'error',
  eror: 'error',
  fatal: 'critical',
  panic: 'critical',
  '.': 'debug',
  '-': 'debug',
  '*': 'info',
  '#': 'warning',
  // klog, by the first letter.
  i: 'info',
  w: 'warning',
  e: 'error',
  f: 'critical',
};

/** A format of lines that are not JSON; named groups become fields. The filter tries them in this order. */
export interface Format {
  readonly name: string;
  /** A regular expression that means the same to Ruby (Onigmo, Joni) and JavaScript. */
  readonly pattern: string;
  /** How `timestamp` is written, for Ruby's strptime. @default ISO 8601 */
  readonly time?: string;
}

export const FORMATS: readonly Format[] = [
  {
    name: 'postgres',
    pattern:
      '^(?<timestamp>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} UTC) \\[\\d+\\](?: \\S+)? (?<level>[A-Z]+): +(?<message>[\\s\\S]*)$',
    time: '%Y-%m-%d %H:%M:%S.%L %Z',
  },
  {
    name: 'redis',
    pattern:
      '^\\d+:[CMSX] (?<timestamp>\\d{1,2} [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{3}) (?<level>[-.*#]) (?<message>[\\s\\S]*)$',
    time: '%d %b %Y %H:%M:%S.%L',
  },
  {
    name: 'klog',
    pattern:
      '^(?<level>[IWEF])\\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d+ +\\d+ (?<logger>\\S+)\\] (?<message>[\\s\\S]*)$',
  },
];
