import { readSettings, SettingsError } from '../src/settings.ts';
import { assert, assertEquals, KEY } from './support.ts';
import { routesText } from './topology.ts';

const GOOD: Record<string, string> = {
  GATEWAY_ROUTES: routesText(),
  JWT_SECRET_KEY: KEY,
  SECRETS_DIR: '/nonexistent',
};

const read = (changes: Record<string, string | undefined> = {}) => {
  const environment: Record<string, string | undefined> = { ...GOOD, ...changes };
  return readSettings((name) => environment[name]);
};

function complaint(changes: Record<string, string | undefined>): string {
  try {
    read(changes);
  } catch (error) {
    assert(error instanceof SettingsError, String(error));
    return error.message;
  }
  throw new Error('the settings were accepted');
}

Deno.test('defaults are those of the contract', () => {
  const settings = read();
  assertEquals([settings.port, settings.rateLimit, settings.drainSeconds], [3000, 100, 5]);
  assertEquals(settings.maxBodyBytes, 104_857_600);
  assertEquals(settings.redis, { host: 'localhost', port: 6379, isSecure: false, caFile: '' });
  assertEquals([settings.jwt.issuer, settings.jwt.audience], ['ai-assistants', 'ai-assistants']);
  assertEquals(settings.routes.map(({ upstream }) => upstream).includes('http://security:8004'), true);
});

Deno.test('a blank value counts as not set', () => {
  assertEquals(read({ RATE_LIMIT: ' ', DEBUG: '' }).rateLimit, 100);
});

Deno.test('there is no console until it is turned on', () => {
  assertEquals(read({ CONSOLE_DIR: 'elsewhere' }).consoleDir, undefined);
  assertEquals(read({ CONSOLE_ENABLED: 'true' }).consoleDir, 'console');
  assertEquals(read({ CONSOLE_ENABLED: 'true', CONSOLE_DIR: 'elsewhere' }).consoleDir, 'elsewhere');
});

Deno.test('DEBUG asks for debug lines', () => {
  assertEquals(read({ DEBUG: 'true', LOG_LEVEL: 'WARNING' }).logLevel, 'debug');
  assertEquals(read({ LOG_LEVEL: 'WARNING' }).logLevel, 'warning');
});

Deno.test('what is wrong is named with its value', () => {
  const cases: [Record<string, string | undefined>, string][] = [
    [{ PORT: '70000' }, 'PORT is "70000", expected a whole number from 1 to 65535'],
    [{ RATE_LIMIT: 'many' }, 'RATE_LIMIT is "many", expected a whole number from 1 to 1000000'],
    [{ DEBUG: 'perhaps' }, 'DEBUG is "perhaps", expected true or false'],
    [{ JWT_ALGORITHM: 'none' }, 'JWT_ALGORITHM is "none", expected one of HS256, RS256, ES256'],
    [{ JWT_SECRET_KEY: undefined }, 'JWT_SECRET_KEY is not set'],
    [{ JWT_ALGORITHM: 'RS256' }, 'JWT_JWKS_URL is not set'],
    [
      { JWT_ALGORITHM: 'ES256', JWT_JWKS_URL: 'keys' },
      'JWT_JWKS_URL is "keys", expected a URL such as http://name:8000/keys',
    ],
    [
      { BODY_TIMEOUT_SECONDS: '0' },
      'BODY_TIMEOUT_SECONDS is "0", expected a whole number from 1 to 3600',
    ],
    [{ GATEWAY_ROUTES: undefined }, 'GATEWAY_ROUTES is not set'],
    [{ HEAD_TIMEOUT_SECONDS: '0' }, 'HEAD_TIMEOUT_SECONDS is "0", expected a whole number from 1 to 3600'],
    [{ MAX_CONNECTIONS: 'all' }, 'MAX_CONNECTIONS is "all", expected a whole number from 1 to 65535'],
    [
      { TRUSTED_PROXIES: '10.0.0.0/8,proxy' },
      'TRUSTED_PROXIES has "proxy", expected a range such as 10.0.0.0/8',
    ],
    [{ PROXY_DEPTH: '0' }, 'PROXY_DEPTH is "0", expected a whole number from 1 to 10'],
    [{ CONSOLE_ENABLED: 'perhaps' }, 'CONSOLE_ENABLED is "perhaps", expected true or false'],
    [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS has "*", expected an origin such as https://app.example.com'],
    [
      { CORS_ORIGINS: 'https://a.example/x' },
      'CORS_ORIGINS has "https://a.example/x", expected an origin such as',
    ],
    [{ GATEWAY_ROUTES: '[]' }, 'GATEWAY_ROUTES is "[]", expected a JSON array of routes'],
    [{ GATEWAY_ROUTES: '{' }, 'GATEWAY_ROUTES is not JSON'],
    [
      { GATEWAY_ROUTES: '[{"prefix":"api"}]' },
      'GATEWAY_ROUTES [0].prefix is "api", expected a path such as /api/ai',
    ],
  ];
  const table = (changes: Record<string, unknown>) => {
    const good = {
      prefix: '/api/x',
      service: 'x',
      upstream: 'http://x:1',
      rewrite: '',
      timeoutMs: 9,
      public: [],
    };
    return { GATEWAY_ROUTES: JSON.stringify([{ ...good, ...changes }]) };
  };
  cases.push(
    [table({ endpoints: 'x' }), 'GATEWAY_ROUTES [0].endpoints is "x", expected a name and a port'],
    [
      table({ endpoints: 'x:1', upstream: 'https://x' }),
      'GATEWAY_ROUTES [0].endpoints needs an http upstream: the certificate of https://x names no addresses',
    ],
    [
      table({ timeoutMs: 1e10 }),
      'GATEWAY_ROUTES [0].timeoutMs is 10000000000, expected a number of milliseconds',
    ],
    [table({ deadlineMs: 8 }), 'GATEWAY_ROUTES [0].deadlineMs is 8, expected at least timeoutMs'],
    [table({ rules: [] }), 'GATEWAY_ROUTES [0].rules is [], expected an array of rules'],
    [
      table({ rules: [{ path: 'x', roles: ['user'] }] }),
      'GATEWAY_ROUTES [0].rules[0].path is "x", expected a path such as /*/role',
    ],
    [
      table({ rules: [{ path: '/**/x', roles: ['user'] }] }),
      'GATEWAY_ROUTES [0].rules[0].path is "/**/x", expected a path',
    ],
    [
      table({ rules: [{ path: '/x', roles: ['root'] }] }),
      'GATEWAY_ROUTES [0].rules[0].roles is ["root"], expected roles',
    ],
    [
      table({ rules: [{ path: '/x', roles: ['user'], methods: ['get'] }] }),
      'GATEWAY_ROUTES [0].rules[0].methods is ["get"], expected methods',
    ],
    [
      table({ rules: [{ path: '/x', roles: ['user'], method: 'GET' }] }),
      'GATEWAY_ROUTES [0].rules[0] has the unknown field "method"',
    ],
    [table({ colour: 'red' }), 'GATEWAY_ROUTES [0] has the unknown field "colour"'],
  );
  for (const [changes, expected] of cases) {
    const message = complaint(changes);
    assert(message.startsWith(expected), `got: ${message}`);
  }
});

Deno.test('a short key is refused without being shown', () => {
  const message = complaint({ JWT_SECRET_KEY: 'too-short' });
  assertEquals(message, 'JWT_SECRET_KEY has 9 bytes, expected at least 32');
});

Deno.test('secrets come from files, and a variable wins over its file', async () => {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(`${directory}/JWT_SECRET_KEY`, `${KEY} of a file\n`);
  await Deno.writeTextFile(`${directory}/REDIS_PASSWORD`, 'from a file\n');
  const decode = (key?: Uint8Array) => new TextDecoder().decode(key);
  const settings = read({ SECRETS_DIR: directory, JWT_SECRET_KEY: undefined });
  const { jwtKeys, redisPasswords } = settings.secrets;
  assertEquals([jwtKeys.map(decode), redisPasswords], [[`${KEY} of a file`], ['from a file']]);
  assertEquals(read({ SECRETS_DIR: directory }).secrets.jwtKeys.map(decode), [KEY]);
  await Deno.remove(directory, { recursive: true });
});

Deno.test('the routing table of the charts is understood', () => {
  const table = [{
    prefix: '/api/users/auth',
    upstream: 'http://user-management:8002',
    service: 'user-management',
    rewrite: '/auth',
    timeoutMs: 30000,
    public: ['/register', '/login'],
    requestsPerMinute: 10,
    endpoints: 'user-management-pods:8002',
    deadlineMs: 60000,
    rules: [{ methods: ['PUT'], path: '/*/role', roles: ['admin'] }, { path: '/**', roles: ['user'] }],
  }];
  const { routes } = read({ GATEWAY_ROUTES: JSON.stringify(table) });
  assertEquals(routes.length, 1);
  assertEquals(routes[0]?.requestsPerMinute, 10);
});
