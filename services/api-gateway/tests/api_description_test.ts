import { ApiDescription } from '../src/api_description.ts';
import type { Route } from '../src/routes.ts';
import {
  assert,
  assertEquals,
  route,
  settingsFor,
  startGateway,
  startService,
  testLogger,
} from './support.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: unknown) => ({ 'application/json': { schema } });

const USERS = {
  openapi: '3.1.0',
  info: { title: 'Users', version: '1' },
  paths: {
    '/auth/login': {
      post: {
        operationId: 'login',
        requestBody: { content: json(ref('Item')) },
        responses: { 200: { description: 'In', content: json(ref('Item')) } },
      },
    },
    '/users/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: {
        operationId: 'getUser',
        security: [{ HTTPBearer: [] }],
        tags: ['users'],
        responses: {
          200: { description: 'One', content: json(ref('Item')) },
          default: { description: 'Error' },
        },
      },
    },
    '/users': {
      post: {
        operationId: 'addUser',
        servers: [{ url: 'http://user-management:8002' }],
        responses: {
          201: {
            description: 'Added',
            links: { one: { operationId: 'getUser' }, hidden: { operationId: 'keys' } },
          },
        },
      },
    },
    '/.well-known/jwks.json': { get: { operationId: 'keys', responses: {} } },
    '/metrics': { get: { operationId: 'metrics', responses: {} } },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } } },
    schemas: {
      Item: {
        oneOf: [ref('A')],
        discriminator: { propertyName: 'kind', mapping: { a: '#/components/schemas/A' } },
      },
      A: { type: 'object', properties: { note: { const: '#/components/schemas/A' } } },
    },
    securitySchemes: { HTTPBearer: { type: 'http', scheme: 'bearer' } },
  },
};
const AI = {
  openapi: '3.1.0',
  info: { title: 'AI', version: '1' },
  paths: {
    '/chat': {
      post: { operationId: 'chat', responses: { 200: { description: 'x', content: json(ref('Item')) } } },
    },
    '/health': { get: { operationId: 'health', responses: {} } },
    '/live': { get: { operationId: 'live', responses: {} } },
    '/metrics': { get: { operationId: 'metrics', responses: {} } },
  },
  components: { schemas: { Item: { type: 'string' } } },
};

const users = 'http://user-management:8002';
const ROUTES: readonly Route[] = [
  route(users, { prefix: '/api/users/auth', service: 'users', rewrite: '/auth', public: ['/login'] }),
  route(users, { prefix: '/api/users', service: 'users', rewrite: '/users' }),
  route('http://ai:8000'),
];

function build(documents: Record<string, unknown>) {
  const state = { documents, now: 0, asked: [] as string[] };
  const description = new ApiDescription({
    routes: ROUTES,
    version: '1.2.3',
    logger: testLogger(),
    now: () => state.now,
    fetchDocument: (url) => {
      state.asked.push(url);
      const document = state.documents[new URL(url).hostname];
      return document ? Promise.resolve(JSON.stringify(document)) : Promise.reject(new Error('away'));
    },
  });
  return { state, describe: async () => JSON.parse(await description.document()) };
}

const both = { 'user-management': USERS, 'ai': AI };

Deno.test('the services are described under the paths of the gateway', async () => {
  const { describe } = build(both);
  const document = await describe();
  assertEquals(Object.keys(document.paths), [
    '/live',
    '/health',
    '/metrics',
    '/openapi.json',
    '/api/users/auth/login',
    '/api/users/{id}',
    '/api/users',
    '/api/ai/chat',
  ]);
  const login = document.paths['/api/users/auth/login'].post;
  assertEquals([login.operationId, login.security, login.tags], ['users_login', [], ['users']]);
  assertEquals(login.responses[200].content, json(ref('users.Item')));
  assertEquals(login.responses.default.content['application/problem+json'].schema, ref('Problem'));
  const one = document.paths['/api/users/{id}'];
  assertEquals([one.get.security, one.parameters, one.get.responses.default], [
    [{ bearer: [] }],
    [{ $ref: '#/components/parameters/users.Id' }],
    { description: 'Error' },
  ]);
  const added = document.paths['/api/users'].post;
  assertEquals([added.servers, added.responses[201].links], [undefined, {
    one: { operationId: 'users_getUser' },
  }]);
  assertEquals(document.paths['/api/ai/chat'].post.responses[200].content, json(ref('ai-assistant.Item')));
  assertEquals(document['x-unavailable-services'], []);
});

Deno.test('schemas of the same name do not clash, and references are followed', async () => {
  const { components } = await build(both).describe();
  assertEquals(Object.keys(components.schemas), [
    'Problem',
    'Health',
    'users.Item',
    'users.A',
    'ai-assistant.Item',
  ]);
  assertEquals(components.schemas['users.Item'], {
    oneOf: [ref('users.A')],
    discriminator: { propertyName: 'kind', mapping: { a: '#/components/schemas/users.A' } },
  });
  assertEquals(components.schemas['users.A'].properties.note.const, '#/components/schemas/A');
  assertEquals(Object.keys(components.securitySchemes), ['bearer']);
});

Deno.test('services that do not answer are listed, and asked again', async () => {
  const { state, describe } = build({ 'user-management': USERS });
  assertEquals((await describe())['x-unavailable-services'], ['ai-assistant']);
  await describe();
  assertEquals(state.asked.length, 2);
  state.documents = both;
  state.now = 10_000;
  assertEquals((await describe())['x-unavailable-services'], []);
  assertEquals(state.asked.length, 3);
  state.now = 60_000;
  await describe();
  assertEquals(state.asked.length, 4);
  state.documents = { ai: { openapi: '3.0.3', paths: {} } };
  state.now = 200_000;
  const document = await describe();
  assertEquals(document['x-unavailable-services'], ['users', 'ai-assistant']);
  assertEquals(Object.keys(document.paths).length, 4);
});

Deno.test('callers that ask at the same time share the work', async () => {
  const { state, describe } = build(both);
  await Promise.all([describe(), describe(), describe()]);
  assertEquals(state.asked.length, 2);
});

Deno.test('numbers that JavaScript cannot hold stay what they are', async () => {
  const text = JSON.stringify({ ...AI, 'components': { schemas: { Id: { maximum: 'BIG', minimum: 0.5 } } } })
    .replace('"BIG"', '9223372036854775806');
  const description = new ApiDescription({
    routes: [route('http://ai:8000')],
    version: '1',
    logger: testLogger(),
    fetchDocument: () => Promise.resolve(text),
  });
  const document = await description.document();
  assert(document.includes('{"maximum":9223372036854775806,"minimum":0.5}'), document);
});

Deno.test('the gateway answers with the description, and takes no large one', async () => {
  const service = startService((request) =>
    request.url.endsWith('/openapi.json') ? Response.json(AI) : new Response('x')
  );
  const endless = startService(() => new Response(`{"a":"${'x'.repeat(3_000_000)}"}`));
  await using gateway = await startGateway(
    settingsFor([route(service.url), route(endless.url, { prefix: '/api/x', service: 'x' })]),
  );
  const response = await fetch(`${gateway.url}/openapi.json`);
  assertEquals([response.status, response.headers.get('content-type')], [200, 'application/json']);
  const document = await response.json();
  assert(document.paths['/api/ai/chat']);
  assertEquals(document['x-unavailable-services'], ['x']);
  await service.close();
  await endless.close();
});
