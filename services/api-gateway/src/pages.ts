/**
 * The console and the description's viewer: files that `pack.ts` compressed when the image was built. All are read at the
 * start and found by their whole name, so no path of a client ever reaches the file system.
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
/** Set by the build; a changed file has another name. */
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

/** Pictures of the console come from services that want a token, those of the viewer stand in its style sheet. */
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
  /** For clients that do not take Brotli; made when the first of them asks. */
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

/** Compared weakly: the same file has the same tag in every encoding. */
function isKnown(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false;
  const opaque = etag.replace(/^W\//, '');
  return condition.trim() === '*' ||
    condition.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}

/** What a client says of Brotli itself wins over what it says of `*`. */
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

/** Names of the packed files below a folder, without their ending. */
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

/** A file and the paths at which it is found: an index stands for its folder. */
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
