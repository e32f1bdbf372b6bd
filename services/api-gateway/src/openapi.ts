/** OpenAPI description of the gateway: its own routes, and the prefixes it serves for others. */
import type { Route } from './routes.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
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

export function describeApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const forwarded = routes.flatMap((
    route,
  ) => [prefixPath(route), ...route.public.map((path) => publicPath(route, path))]);
  return {
    openapi: '3.1.0',
    info: {
      title: 'API gateway',
      version,
      description: 'One entry to the services of the AI assistants for 1C:Enterprise.',
    },
    security: [{ bearer: [] }],
    paths: { ...operations(), ...Object.fromEntries(forwarded) },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { Problem: PROBLEM_SCHEMA, Health: HEALTH_SCHEMA },
    },
  };
}

function operations(): Record<string, unknown> {
  const health = { 'application/json': { schema: { $ref: '#/components/schemas/Health' } } };
  return {
    '/live': operation('live', 'Whether the process runs', { 200: { description: 'It does' } }),
    '/health': operation('health', 'Whether the gateway can do its work', {
      200: { description: 'Ready', content: health },
      503: { description: 'Not ready', content: health },
    }),
    '/metrics': operation('metrics', 'Metrics in the text format of Prometheus', {
      200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
    }),
    '/openapi.json': operation('openapi', 'This description', { 200: { description: 'OpenAPI 3.1' } }),
  };
}

function operation(operationId: string, summary: string, responses: Record<number, unknown>): unknown {
  return { get: { operationId, summary, tags: ['operations'], security: [], responses } };
}

function prefixPath({ prefix, service, timeoutMs }: Route): [string, unknown] {
  const forward = (method: string) => ({
    operationId: `${method}${prefix.replaceAll('/', '_')}`,
    summary: `Passed on to ${service}`,
    description: `See the description of ${service}. Answered within ${timeoutMs / 1000} s.`,
    tags: [service],
    responses: { '2XX': { description: `The answer of ${service}` }, default: PROBLEM },
  });
  return [`${prefix}/{path}`, {
    parameters: [{
      name: 'path',
      in: 'path',
      required: true,
      description: `One or more segments below ${prefix}.`,
      schema: { type: 'string' },
    }],
    ...Object.fromEntries(METHODS.map((method) => [method, forward(method)])),
  }];
}

function publicPath({ prefix, service }: Route, path: string): [string, unknown] {
  return [`${prefix}${path}`, {
    post: {
      operationId: `post${`${prefix}${path}`.replaceAll('/', '_')}`,
      summary: `Passed on to ${service}, without a token`,
      tags: [service],
      security: [],
      responses: { '2XX': { description: `The answer of ${service}` }, default: PROBLEM },
    },
  }];
}
