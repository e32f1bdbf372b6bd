import { brotliDecompressSync } from 'node:zlib';
import { Pages, takesBrotli } from '../src/pages.ts';
import { FILES, pack, packedFolder, SCRIPT, writeFiles } from './pages_support.ts';
import {
  AbsentStore,
  assert,
  assertEquals,
  GenerousStore,
  rawRequest,
  route,
  type RunningGateway,
  settingsFor,
  startGateway,
} from './support.ts';

const ROUTES = [route('http://127.0.0.1:1')];
const MAIN = '/assets/main-ABCDEF12.js';
const IMMUTABLE = 'public, max-age=31536000, immutable';

const withConsole = (name: string, test: (gateway: RunningGateway, store: GenerousStore) => Promise<void>) =>
  Deno.test(name, async () => {
    const { directory, close } = await packedFolder();
    const store = new GenerousStore();
    {
      await using gateway = await startGateway(settingsFor(ROUTES, { consoleDir: directory }), store);
      await test(gateway, store);
    }
    await close();
  });

interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly all: (name: string) => readonly string[];
  readonly body: Uint8Array;
  readonly text: string;
}

/** The raw answer: `fetch` would decode the body and join headers of one name. */
async function ask(
  gateway: RunningGateway,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  using connection = await Deno.connect({ hostname: '127.0.0.1', port: gateway.port });
  const lines = Object.entries({ Host: 'localhost', Connection: 'close', ...headers });
  const head = `${method} ${path} HTTP/1.1\r\n${
    lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  }\r\n`;
  await connection.write(new TextEncoder().encode(head));
  const bytes = await new Response(connection.readable).bytes();
  const latin = new TextDecoder('latin1').decode(bytes);
  const end = latin.indexOf('\r\n\r\n');
  const [first = '', ...rest] = latin.slice(0, end).split('\r\n');
  const pairs = rest.map((
    line,
  ) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]);
  const all = (name: string) => pairs.flatMap(([key, value = '']) => key === name ? [value] : []);
  const body = bytes.slice(end + 4);
  return {
    status: Number(first.split(' ')[1]),
    header: (name) => all(name)[0],
    all,
    body,
    text: new TextDecoder().decode(body),
  };
}

withConsole('every file is found at its path, whole, in both encodings', async (gateway) => {
  const expected: Readonly<Record<string, string | undefined>> = {
    '/': FILES['console/index.html'],
    [MAIN]: SCRIPT,
    '/assets/logo-12345678.svg': FILES['console/assets/logo-12345678.svg'],
    '/robots.txt': FILES['console/robots.txt'],
    '/docs': FILES['viewer/index.html'],
    '/docs/': FILES['viewer/index.html'],
    '/docs/examples': FILES['viewer/examples/index.html'],
    '/docs/assets/viewer-0A1B2C3D.css': FILES['viewer/assets/viewer-0A1B2C3D.css'],
  };
  for (const [path, text] of Object.entries(expected)) {
    const plain = await ask(gateway, path);
    assertEquals([path, plain.status, plain.text], [path, 200, text]);
    assertEquals(plain.header('content-encoding'), undefined);
    const packed = await ask(gateway, path, { 'Accept-Encoding': 'gzip, deflate, br, zstd' });
    assertEquals([packed.header('content-encoding'), packed.header('vary')], ['br', 'Accept-Encoding']);
    assertEquals(new TextDecoder().decode(brotliDecompressSync(packed.body)), text);
    for (const { header, body } of [plain, packed]) {
      assertEquals(header('content-length'), String(body.length));
    }
  }
  const small = await ask(gateway, MAIN, { 'Accept-Encoding': 'br' });
  assert(small.body.length < SCRIPT.length / 10, `${small.body.length} of ${SCRIPT.length} bytes`);
});

withConsole('types are named and never guessed', async (gateway) => {
  const types = {
    '/': 'text/html; charset=utf-8',
    [MAIN]: 'text/javascript; charset=utf-8',
    '/assets/logo-12345678.svg': 'image/svg+xml',
    '/docs/assets/viewer-0A1B2C3D.css': 'text/css; charset=utf-8',
  };
  for (const [path, type] of Object.entries(types)) {
    const { header } = await ask(gateway, path);
    assertEquals([header('content-type'), header('x-content-type-options')], [type, 'nosniff']);
  }
});

withConsole('names with a hash are kept for a year, the others are asked for again', async (gateway) => {
  for (const path of [MAIN, '/docs/assets/viewer-0A1B2C3D.css']) {
    assertEquals((await ask(gateway, path)).header('cache-control'), IMMUTABLE);
  }
  for (const path of ['/', '/docs', '/docs/examples', '/robots.txt']) {
    assertEquals((await ask(gateway, path)).header('cache-control'), 'no-cache');
  }
});

withConsole('what a client has is not sent again, whatever the encoding', async (gateway) => {
  for (const path of ['/', MAIN, '/docs']) {
    const { header } = await ask(gateway, path, { 'Accept-Encoding': 'br' });
    const etag = header('etag') ?? '';
    assert(/^W\/"[\w-]{22}"$/.test(etag), etag);
    for (const condition of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const known = await ask(gateway, path, { 'If-None-Match': condition }, method);
        assertEquals([known.status, known.body.length, known.header('etag')], [304, 0, etag]);
        assertEquals(known.header('cache-control'), header('cache-control'));
        assertEquals(known.header('content-encoding'), undefined);
      }
    }
    assertEquals((await ask(gateway, path, { 'If-None-Match': '"other"' })).status, 200);
  }
  const tags = await Promise.all(['/', MAIN, '/docs'].map((path) => ask(gateway, path)));
  assertEquals(new Set(tags.map(({ header }) => header('etag'))).size, 3);
});

withConsole('HEAD is told what GET would answer, without it', async (gateway) => {
  for (const encoding of ['br', 'identity']) {
    const headers = { 'Accept-Encoding': encoding };
    const [head, get] = [await ask(gateway, '/', headers, 'HEAD'), await ask(gateway, '/', headers)];
    assertEquals([head.status, head.body.length], [200, 0]);
    for (const name of ['content-length', 'content-type', 'etag', 'content-encoding', 'cache-control']) {
      assertEquals([name, head.header(name)], [name, get.header(name)]);
    }
  }
});

withConsole('pages are only there to be read', async (gateway) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const { status, header } = await ask(gateway, '/', {}, method);
    assertEquals([method, status, header('allow')], [method, 405, 'GET, HEAD']);
  }
});

/** The sources of each directive. */
const directivesOf = (policy: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    policy.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
/** Forbidden in a policy: each allows foreign scripts or loads from other hosts. */
const TOO_WIDE =
  /'unsafe-|'nonce-|'strict-dynamic'|https?:|\*|(?:^|\s)(?:script|style|default)-src[^;]*\b(?:data|blob):/;

withConsole('nothing runs that we do not ship, and no page frames ours', async (gateway) => {
  for (const path of ['/', MAIN, '/assets/logo-12345678.svg', '/docs', '/docs/examples']) {
    const { all, header } = await ask(gateway, path);
    const [policy = '', ...others] = all('content-security-policy');
    assertEquals([path, others], [path, []]);
    assert(!TOO_WIDE.test(policy), `${path}: ${policy}`);
    const directives = directivesOf(policy);
    for (const name of ['script-src', 'style-src', 'connect-src', 'form-action']) {
      assertEquals([path, name, directives.get(name)], [path, name, ["'self'"]]);
    }
    for (const name of ['default-src', 'base-uri', 'frame-ancestors']) {
      assertEquals([path, name, directives.get(name)], [path, name, ["'none'"]]);
    }
    assertEquals(header('x-frame-options'), 'DENY');
    assertEquals(header('referrer-policy'), 'no-referrer');
    assertEquals(header('access-control-allow-origin'), undefined);
  }
});

Deno.test('the check of a policy fails for each way to widen it', () => {
  const good = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:";
  assert(!TOO_WIDE.test(good));
  for (
    const bad of [
      "script-src 'self' 'unsafe-inline'",
      "style-src 'unsafe-hashes'",
      "script-src 'nonce-1'",
      'script-src https://cdn.example.com',
      'img-src *',
      'script-src data:',
      "default-src 'none'; style-src 'self' blob:",
    ]
  ) assert(TOO_WIDE.test(bad), bad);
});

withConsole('no path leads to another file', async (gateway) => {
  const { pathname: secret } = new URL('../deno.json', import.meta.url);
  const paths = [
    '/assets/..%2f..%2fetc/passwd',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '/assets/../../../../../../etc/passwd',
    '/assets/..%252f..%252fetc/passwd',
    '/assets/..\\..\\etc\\passwd',
    '/assets//etc/passwd',
    '/docs/../index.html',
    '/../index.html.br',
    '//etc/passwd',
    '/etc/passwd',
    '/assets/%00',
    `${secret}`,
    `/assets${secret}`,
    `http://localhost${MAIN}/../../../etc/passwd`,
    'file:///etc/passwd',
    '/index.html.br',
    '/assets',
    '/assets/',
    '/assets/main-ABCDEF12.js.br',
    '/assets/MAIN-ABCDEF12.js',
    '/assets/main-ABCDEF12.js/',
    '/docs/index.html/',
    '/__proto__',
    '/constructor',
  ];
  for (const path of paths) {
    const { status, header, text } = await ask(gateway, path);
    assert(status === 400 || status === 404, `${path}: ${status}`);
    assertEquals([path, header('content-type')], [path, 'application/problem+json']);
    assert(!/root:|"imports"|doctype/.test(text), `${path}: ${text}`);
  }
});

withConsole(
  'what is not there is the usual problem, and counted; what is there is not',
  async (gateway, store) => {
    for (const path of ['/', MAIN, '/docs', '/docs/examples']) {
      assertEquals(
        (await ask(gateway, path)).status,
        200,
      );
    }
    assertEquals(store.quotas.length, 0);
    const { status, text } = await ask(gateway, '/assets/other-ABCDEF12.js');
    assertEquals([status, JSON.parse(text).detail], [404, 'There is nothing at this path.']);
    assertEquals(store.quotas.map(({ name }) => name), ['common']);
  },
);

withConsole('metrics and the log name a route, never a file of one build', async (gateway) => {
  for (const path of ['/', MAIN, '/docs', '/docs/', '/docs/assets/viewer-0A1B2C3D.css']) {
    const { header } = await ask(gateway, path);
    assertEquals((await gateway.accessLine(header('x-request-id') ?? '')).status, 200);
  }
  const metrics = (await ask(gateway, '/metrics')).text;
  const routes = [
    ...metrics.matchAll(/http_requests_total\{method="GET",route="([^"]*)",status="200"\} (\d+)/g),
  ];
  assertEquals(routes.map(([, path, count]) => `${path} ${count}`).toSorted(), [
    '/ 1',
    '/assets/* 1',
    '/docs 2',
    '/docs/assets/* 1',
  ]);
});

withConsole('a query is no part of a name, and an upgrade is answered like any request', async (gateway) => {
  assertEquals((await ask(gateway, '/?lang=ru')).status, 200);
  const upgrade = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  assert((await rawRequest(gateway.port, upgrade)).startsWith('HTTP/1.1 200 '));
});

Deno.test('pages are served while Redis is away', async () => {
  const { directory, close } = await packedFolder();
  {
    await using gateway = await startGateway(
      settingsFor(ROUTES, { consoleDir: directory }),
      new AbsentStore(),
    );
    assertEquals((await ask(gateway, '/')).status, 200);
  }
  await close();
});

Deno.test('with the console off there is nothing but what there always was', async () => {
  await using gateway = await startGateway(settingsFor(ROUTES));
  for (const path of ['/', MAIN, '/docs']) {
    assertEquals([path, (await ask(gateway, path)).status], [path, 404]);
  }
  assertEquals((await ask(gateway, '/openapi.json')).status, 200);
});

Deno.test('Brotli is sent to those who take it', () => {
  for (const taken of ['br', 'gzip, br', 'BR', 'br;q=0.1', 'gzip;q=1, br ; q=0.5', '*']) {
    assert(takesBrotli(taken), taken);
  }
  for (const refused of [undefined, '', 'gzip', 'br;q=0', '*, br;q=0', '*;q=0', 'brotli', 'br;q=none']) {
    assert(!takesBrotli(refused), refused);
  }
});

Deno.test('a folder without pages is refused by name', async () => {
  const folder = await Deno.makeTempDir();
  const refusal = (directory: string): string => {
    try {
      new Pages(directory);
    } catch (error) {
      return String(error);
    }
    throw new Error('accepted');
  };
  assertEquals(
    refusal(folder),
    `SettingsError: CONSOLE_DIR is "${folder}", expected a folder with index.html.br`,
  );
  assert(
    refusal(`${folder}/none`).startsWith(`SettingsError: CONSOLE_DIR has "${folder}/none", which cannot`),
  );
  await writeFiles(folder, { 'a/index.html': '', 'a/notes.exe': '' });
  assertEquals((await pack(`${folder}/b`, `${folder}/a`)).code, 0);
  assert(refusal(`${folder}/b`).includes('has "/notes.exe", expected one of .html, .js'));
  await Deno.remove(folder, { recursive: true });
});

Deno.test('packing says what it needs', async () => {
  const { code, stderr } = await pack('out');
  assertEquals([code, stderr], [2, 'usage: deno task pack OUT FOLDER[=PATH]...\n']);
});
