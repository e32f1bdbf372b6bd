/** OpenAPI description of the gateway: its own operations, and those of the services under the gateway's paths. */
import { isExactNumber } from './exact_json.ts';
import type { Route } from './routes.ts';
import { externalPath, isInternal, matchRoute } from './routing.ts';

const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete', 'options']);
const PROBLEM = {
  description: 'An error',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    request_id: { type: 'string' },
  },
};

const HEALTH_SCHEMA = {
  type: 'object',
  required: ['status', 'service', 'version', 'checks'],
  properties: {
    status: { enum: ['ok', 'unavailable'] },
    service: { type: 'string' },
    version: { type: 'string' },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['status'],
        properties: { status: { enum: ['ok', 'unavailable'] }, latency_ms: { type: 'number' } },
      },
    },
  },
};

export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

type PathItem = Readonly<Record<string, unknown>>;
type Operation = Record<string, unknown>;

/** A service and its description; undefined while the service does not answer. */
export interface ServiceDocument {
  readonly service: string;
  readonly document?: Document;
}

export function describeApi(
  routes: readonly Route[],
  version: string,
  services: readonly ServiceDocument[],
): Record<string, unknown> {
  const paths: Record<string, unknown> = ownPaths();
  const components: Record<string, Record<string, unknown>> = {
    schemas: { Problem: PROBLEM_SCHEMA, Health: HEALTH_SCHEMA },
  };
  for (const { service, document } of services) {
    if (!document) continue;
    Object.assign(paths, pathsOf(service, document, routes));
    for (const [type, named] of Object.entries(document.components ?? {})) {
      if (type !== 'securitySchemes') Object.assign(components[type] ??= {}, prefixed(service, named));
    }
  }
  components.securitySchemes = { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } };
  return {
    openapi: '3.1.0',
    info: {
      title: 'API gateway',
      version,
      description: 'One entry to the services of the AI assistants for 1C:Enterprise.',
    },
    security: [{ bearer: [] }],
    paths,
    components,
    'x-unavailable-services': services.filter(({ document }) => !document).map(({ service }) => service),
  };
}

function ownPaths(): Record<string, unknown> {
  const json = (schema: unknown) => ({ 'application/json': { schema } });
  const health = json({ $ref: '#/components/schemas/Health' });
  const live = { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } };
  return {
    '/live': own('live', 'Whether the process runs', {
      200: { description: 'It does', content: json(live) },
    }),
    '/health': own('health', 'Whether the gateway can do its work', {
      200: { description: 'Ready', content: health },
      503: { description: 'Not ready', content: health },
    }),
    '/metrics': own('metrics', 'Metrics in the text format of Prometheus', {
      200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
    }),
    '/openapi.json': own('openapi', 'This description', {
      200: { description: 'OpenAPI 3.1', content: json({ type: 'object' }) },
    }),
  };
}

function own(operationId: string, summary: string, responses: Record<number, unknown>): unknown {
  const operation = {
    operationId,
    summary,
    tags: ['operations'],
    security: [],
    responses: { ...responses, default: PROBLEM },
  };
  return { get: operation };
}

/** The paths of a service that the gateway serves, under the gateway's names. */
function pathsOf(service: string, document: Document, routes: readonly Route[]): Record<string, unknown> {
  const upstream = routes.find((route) => route.service === service)?.upstream ?? '';
  const isServed = (path: string) => {
    const home = isInternal(path) ? undefined : externalPath(routes, upstream, path);
    return home && matchRoute(routes, 'GET', home)?.path === path ? home : undefined;
  };
  const served = Object.entries(document.paths).flatMap(([path, item]) => {
    const home = isServed(path);
    return home ? [{ home, item }] : [];
  });
  const operationIds = new Set(
    served.flatMap(({ item }) => operationsOf(item).map(([, operation]) => operation.operationId)),
  );
  return Object.fromEntries(
    served.map(({ home, item }) => [home, pathItem(service, home, item, routes, operationIds)]),
  );
}

const operationsOf = (item: PathItem): [string, Operation][] =>
  Object.entries(item).filter(([key]) => METHODS.has(key)) as [string, Operation][];

function pathItem(
  service: string,
  home: string,
  item: PathItem,
  routes: readonly Route[],
  operationIds: ReadonlySet<unknown>,
): unknown {
  const operations = operationsOf(item).map(([method, operation]) => {
    const isPublic = matchRoute(routes, method.toUpperCase(), home)?.isPublic;
    const { servers: _servers, ...rest } = referencesPrefixed(service, operation) as Operation;
    const { operationId } = operation;
    return [method, {
      ...rest,
      ...(typeof operationId === 'string' ? { operationId: `${service}_${operationId}` } : {}),
      tags: [service],
      security: isPublic ? [] : [{ bearer: [] }],
      responses: { default: PROBLEM, ...responsesOf(service, rest.responses, operationIds) },
    }];
  });
  const { parameters } = item;
  const shared = parameters ? { parameters: referencesPrefixed(service, parameters) } : {};
  return { ...shared, ...Object.fromEntries(operations) };
}

/** Renames the operations in links, and removes links to operations that the gateway does not serve. */
function responsesOf(
  service: string,
  responses: unknown,
  operationIds: ReadonlySet<unknown>,
): Record<string, unknown> {
  const entries = Object.entries((responses ?? {}) as Record<string, { links?: Record<string, Operation> }>);
  return Object.fromEntries(entries.map(([status, { links, ...response }]) => {
    const kept = Object.entries(links ?? {})
      .filter(([, { operationId }]) => operationIds.has(operationId))
      .map(([name, link]) => [name, { ...link, operationId: `${service}_${link.operationId}` }]);
    return [status, kept.length > 0 ? { ...response, links: Object.fromEntries(kept) } : response];
  }));
}

function prefixed(service: string, named: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [`${service}.${name}`, referencesPrefixed(service, value)]),
  );
}

const COMPONENT = /^#\/components\/([^/]+)\//;

/** The value with component references renamed as in the common document. */
function referencesPrefixed(service: string, value: unknown, key = '', parent = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => referencesPrefixed(service, item, '', key));
  if (typeof value === 'object' && value !== null && !isExactNumber(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, referencesPrefixed(service, item, name, key)]),
    );
  }
  const isReference = typeof value === 'string' && (key === '$ref' || parent === 'mapping');
  return isReference ? value.replace(COMPONENT, `#/components/$1/${service}.`) : value;
}
