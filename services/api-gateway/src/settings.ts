/** Settings, read once from environment variables and from files of the same names in SECRETS_DIR. */
import { isRange } from './proxies.ts';
import { parseRoutes, type Route } from './routes.ts';

const DEFAULT_SECRETS_DIR = '/run/secrets/assistants';
const MINIMUM_KEY_BYTES = 32;
const ALGORITHMS = ['HS256', 'RS256', 'ES256'] as const;
const LOG_LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];
export type Algorithm = (typeof ALGORITHMS)[number];

/** Contents of a mounted Secret's files, which change while the process runs. Of several values all are valid. */
export interface Secrets {
  /** Keys that verify HS256 tokens. */
  readonly jwtKeys: readonly Uint8Array<ArrayBuffer>[];
  readonly redisPasswords: readonly string[];
}

export interface Settings {
  readonly environment: string;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  readonly version: string;
  readonly drainSeconds: number;
  readonly shutdownTimeoutSeconds: number;
  readonly maxBodyBytes: number;
  /** Time limit for the head of a request. */
  readonly headTimeoutSeconds: number;
  /** Most client connections at a time. */
  readonly maxConnections: number;
  /** Longest pause of a request's body. */
  readonly bodyTimeoutSeconds: number;
  /** Time limit for a body that keeps coming. */
  readonly uploadSeconds: number;
  /** Longest pause of a streamed answer or a WebSocket. */
  readonly streamIdleSeconds: number;
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly isSecure: boolean;
    /** Authority of its certificate; empty for those of the system. */
    readonly caFile: string;
  };
  readonly jwt: {
    readonly algorithm: Algorithm;
    /** URL of the public keys, for the asymmetric algorithms. */
    readonly jwksUrl?: string;
    readonly issuer: string;
    readonly audience: string;
  };
  /** Ranges of the proxies before the edge whose X-Forwarded-For the gateway trusts; `proxyDepth` is the client's hop. */
  readonly trustedProxies: readonly string[];
  readonly proxyDepth?: number;
  readonly secrets: Secrets;
  /** Requests a minute for one user or address. */
  readonly rateLimit: number;
  readonly corsOrigins: readonly string[];
  /** Folder of the console's packed files; the gateway serves no console without it. */
  readonly consoleDir?: string;
  readonly routes: readonly Route[];
}

/** A setting is missing or unusable; the message names the variable and, unless it is a secret, the value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Finds the value of a variable; undefined when it is not set anywhere. */
export type Lookup = (name: string) => string | undefined;

/** Environment first, then the file of that name. A blank value counts as not set. */
export function lookupIn(environment: Lookup): Lookup {
  const directory = environment('SECRETS_DIR')?.trim() || DEFAULT_SECRETS_DIR;
  return (name) => environment(name)?.trim() || readSecret(`${directory}/${name}`)?.trim() || undefined;
}

function readSecret(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new SettingsError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Reads the values that may come from files; all other settings are plain configuration. */
export function readSecrets(algorithm: Algorithm, environment: Lookup = Deno.env.get): Secrets {
  const read = new Reader(lookupIn(environment));
  return {
    jwtKeys: algorithm === 'HS256' ? read.keys('JWT_SECRET_KEY') : [],
    redisPasswords: linesOf(read.optional('REDIS_PASSWORD') ?? ''),
  };
}

const linesOf = (text: string): readonly string[] =>
  text.split('\n').map((line) => line.trim()).filter(Boolean);

export function readSettings(environment: Lookup = Deno.env.get): Settings {
  const read = new Reader((name) => environment(name)?.trim() || undefined);
  const algorithm = read.choice('JWT_ALGORITHM', ALGORITHMS, 'HS256');
  return {
    environment: read.text('ENV', 'dev'),
    logLevel: read.flag('DEBUG', false) ? 'debug' : read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
    host: read.text('HOST', '0.0.0.0'),
    port: read.integer('PORT', 3000, 1, 65_535),
    version: read.text('SERVICE_VERSION', '0.0.0-dev'),
    drainSeconds: read.integer('DRAIN_SECONDS', 5, 0, 300),
    shutdownTimeoutSeconds: read.integer('SHUTDOWN_TIMEOUT_SECONDS', 120, 1, 3600),
    maxBodyBytes: read.integer('MAX_BODY_BYTES', 100 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
    headTimeoutSeconds: read.integer('HEAD_TIMEOUT_SECONDS', 10, 1, 3600),
    maxConnections: read.integer('MAX_CONNECTIONS', 4096, 1, 65_535),
    bodyTimeoutSeconds: read.integer('BODY_TIMEOUT_SECONDS', 20, 1, 3600),
    uploadSeconds: read.integer('UPLOAD_SECONDS', 480, 1, 86_400),
    streamIdleSeconds: read.integer('STREAM_IDLE_SECONDS', 60, 1, 3600),
    redis: {
      host: read.text('REDIS_HOST', 'localhost'),
      port: read.integer('REDIS_PORT', 6379, 1, 65_535),
      isSecure: read.flag('REDIS_TLS', false),
      caFile: read.text('REDIS_CA_FILE', ''),
    },
    jwt: {
      algorithm,
      ...(algorithm === 'HS256' ? {} : { jwksUrl: read.url('JWT_JWKS_URL') }),
      issuer: read.text('JWT_ISSUER', 'ai-assistants'),
      audience: read.text('JWT_AUDIENCE', 'ai-assistants'),
    },
    trustedProxies: read.ranges('TRUSTED_PROXIES'),
    ...(read.optional('PROXY_DEPTH') ? { proxyDepth: read.integer('PROXY_DEPTH', 1, 1, 10) } : {}),
    secrets: readSecrets(algorithm, environment),
    rateLimit: read.integer('RATE_LIMIT', 100, 1, 1_000_000),
    corsOrigins: read.origins('CORS_ORIGINS'),
    ...(read.flag('CONSOLE_ENABLED', false) ? { consoleDir: read.text('CONSOLE_DIR', 'console') } : {}),
    routes: read.routes('GATEWAY_ROUTES'),
  };
}

class Reader {
  constructor(readonly optional: Lookup) {}

  text(name: string, fallback?: string): string {
    const value = this.optional(name) ?? fallback;
    if (value === undefined) throw new SettingsError(`${name} is not set`);
    return value;
  }

  integer(name: string, fallback: number, minimum: number, maximum: number): number {
    const text = this.text(name, String(fallback));
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new SettingsError(`${name} is "${text}", expected a whole number from ${minimum} to ${maximum}`);
  }

  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name, fallback);
    const found = allowed.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
    if (found) return found;
    throw new SettingsError(`${name} is "${text}", expected one of ${allowed.join(', ')}`);
  }

  flag(name: string, fallback: boolean): boolean {
    const text = this.text(name, String(fallback)).toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(text)) return true;
    if (['false', '0', 'no', 'off'].includes(text)) return false;
    throw new SettingsError(`${name} is "${text}", expected true or false`);
  }

  url(name: string): string {
    const text = this.text(name);
    if (URL.canParse(text) && /^https?:\/\/[^@]*$/.test(text)) return text;
    throw new SettingsError(`${name} is "${text}", expected a URL such as http://name:8000/keys`);
  }

  keys(name: string): readonly Uint8Array<ArrayBuffer>[] {
    const keys = linesOf(this.text(name)).map((line) => new TextEncoder().encode(line));
    for (const { length } of keys) {
      if (length < MINIMUM_KEY_BYTES) {
        throw new SettingsError(`${name} has ${length} bytes, expected at least ${MINIMUM_KEY_BYTES}`);
      }
    }
    return keys;
  }

  origins(name: string): readonly string[] {
    const items = this.text(name, '').split(',').map((item) => item.trim()).filter(Boolean);
    for (const item of items) {
      const url = URL.canParse(item) ? new URL(item) : undefined;
      if (!url || url.origin !== item || !url.protocol.startsWith('http')) {
        throw new SettingsError(`${name} has "${item}", expected an origin such as https://app.example.com`);
      }
    }
    return items;
  }

  ranges(name: string): readonly string[] {
    const items = this.text(name, '').split(',').map((item) => item.trim()).filter(Boolean);
    const wrong = items.find((item) => !isRange(item));
    if (wrong === undefined) return items;
    throw new SettingsError(`${name} has "${wrong}", expected a range such as 10.0.0.0/8`);
  }

  routes(name: string): readonly Route[] {
    return parseRoutes(this.text(name), (reason) => {
      throw new SettingsError(`${name} ${reason}`);
    });
  }
}
