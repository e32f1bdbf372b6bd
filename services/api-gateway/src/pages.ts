/**
 * Serves the console and the API viewer: files that `pack.ts` compressed for the image. The gateway reads them all at
 * the start and finds them by their whole name, so no path of a client reaches the file system.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { Exchange, Header, Reply } from './exchange.ts';
import { PACKED } from './packed.ts';
import { Problem } from './problems.ts';
import { SettingsError } from './settings.ts';

const INDEX = 'index.html';
/** The build puts a hash into these names: a changed file has another name. */
const HASHED = /\/assets\/.+-[A-Za-z0-9]{8,}\.[a-z0-9]+$/;
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
};

const policyOf = (images: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' ${images}`,
    "connect-src 'self'",
    "font-src 'self'",
    "frame-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** The console fetches pictures with a token and shows them as blobs; the viewer has them in its style sheet. */
const POLICIES = { console: policyOf('blob:'), docs: policyOf('data:') };

const COMMON_HEADERS: readonly Header[] = [
  ['Vary', 'Accept-Encoding'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin-allow-popups'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'],
];

const decompressed = promisify(brotliDecompress);

interface Page {
  /** Label of the metrics: names of files change with every build. */
  readonly route: string;
  readonly type: string;
  readonly etag: string;
  readonly headers: readonly Header[];
  readonly packed: Uint8Array;
  /** Uncompressed, for clients without Brotli; made at the first such request. */
  plain?: Promise<Uint8Array>;
}

export class Pages {
  readonly #pages: ReadonlyMap<string, Page>;

  /** @throws SettingsError when the folder cannot be read, has no index.html or a file of an unknown type. */
  constructor(directory: string) {
    const pages = [...filesOf(directory)].map((name) => pageOf(directory, name));
    this.#pages = new Map(pages.flatMap(([paths, page]) => paths.map((path) => [path, page])));
    if (!this.#pages.has('/')) {
      throw new SettingsError(`CONSOLE_DIR is "${directory}", expected a folder with ${INDEX}${PACKED}`);
    }
  }

  /** The answer when there is a file at the path; undefined when there is none. */
  reply(exchange: Exchange): Promise<Reply> | undefined {
    const page = this.#pages.get(exchange.path);
    return page && answer(exchange, page);
  }
}

async function answer(exchange: Exchange, page: Page): Promise<Reply> {
  const { method, headers: asked } = exchange;
  exchange.route = page.route;
  if (method !== 'GET' && method !== 'HEAD') {
    throw new Problem(405, 'This is only there to be read.', { Allow: 'GET, HEAD' });
  }
  const headers: Header[] = [...exchange.answerHeaders, ...page.headers];
  if (isKnown(asked.get('if-none-match'), page.etag)) return { status: 304, headers, body: null };
  headers.push(['Content-Type', page.type]);
  if (takesBrotli(asked.get('accept-encoding'))) {
    headers.push(['Content-Encoding', 'br']);
    return { status: 200, headers, body: page.packed };
  }
  page.plain ??= decompressed(page.packed);
  return { status: 200, headers, body: await page.plain };
}

/** Compares weakly: a file has the same tag in every encoding. */
function isKnown(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false;
  const opaque = etag.replace(/^W\//, '');
  return condition.trim() === '*' ||
    condition.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}

/** An entry for `br` takes precedence over an entry for `*`. */
export function takesBrotli(accepted: string | undefined): boolean {
  const weights = new Map(
    (accepted ?? '').toLowerCase().split(',').map((item) => {
      const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return [coding, weight === undefined ? 1 : Number(weight)];
    }),
  );
  return (weights.get('br') ?? weights.get('*') ?? 0) > 0;
}

/** Names of the packed files below a folder, without `PACKED`. */
function* filesOf(directory: string, below = ''): Generator<string> {
  for (const { name, isDirectory } of entriesOf(`${directory}${below}`)) {
    if (isDirectory) yield* filesOf(directory, `${below}/${name}`);
    else if (name.endsWith(PACKED)) yield `${below}/${name.slice(0, -PACKED.length)}`;
  }
}

function entriesOf(directory: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(directory)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new SettingsError(`CONSOLE_DIR has "${directory}", which cannot be read: ${reason}`);
  }
}

/** A file and its paths: an index also has the path of its folder. */
function pageOf(directory: string, name: string): readonly [paths: readonly string[], page: Page] {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
  if (!type) {
    throw new SettingsError(`CONSOLE_DIR has "${name}", expected one of .${Object.keys(TYPES).join(', .')}`);
  }
  const packed = new Uint8Array(Deno.readFileSync(`${directory}${name}${PACKED}`));
  const folder = name.endsWith(`/${INDEX}`) ? name.slice(0, -INDEX.length) : undefined;
  const etag = `W/"${createHash('sha256').update(Buffer.from(packed)).digest('base64url').slice(0, 22)}"`;
  const policy = name.startsWith('/docs/') ? POLICIES.docs : POLICIES.console;
  const isHashed = HASHED.test(name);
  const headers: Header[] = [
    ...COMMON_HEADERS,
    ['Content-Security-Policy', policy],
    ['Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache'],
    ['ETag', etag],
  ];
  const paths = folder === undefined ? [name] : [folder, ...(folder === '/' ? [] : [folder.slice(0, -1)])];
  const route = (paths.at(-1) ?? name).replace(/\/assets\/.*/, '/assets/*');
  return [paths, { route, type, etag, headers, packed }];
}
