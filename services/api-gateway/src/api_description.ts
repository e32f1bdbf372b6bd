/** The OpenAPI description of the whole API, assembled on request from the descriptions of the services. */
import { parseExactly } from './exact_json.ts';
import { fetchText } from './fetch_text.ts';
import { describe, type Logger } from './logging.ts';
import { describeApi, type Document, type ServiceDocument } from './openapi.ts';
import type { Route } from './routes.ts';

const FRESH_MS = 60_000;
const RETRY_MS = 10_000;
const FETCH_MS = 2_000;
const MAX_BYTES = 2 * 1024 * 1024;

export interface ApiDescriptionOptions {
  readonly routes: readonly Route[];
  readonly version: string;
  readonly logger: Logger;
  readonly fetchDocument?: (url: string) => Promise<string>;
  readonly now?: () => number;
}

interface Known {
  readonly document?: Document;
  readonly until: number;
}

export class ApiDescription {
  readonly #known = new Map<string, Known>();
  #text?: string;
  #composing?: Promise<string>;
  readonly #now: () => number;
  readonly #upstreams: ReadonlyMap<string, string>;

  constructor(private readonly options: ApiDescriptionOptions) {
    this.#now = options.now ?? (() => performance.now());
    this.#upstreams = new Map(options.routes.map(({ service, upstream }) => [service, upstream]));
  }

  /** The description as JSON; concurrent callers share the work. */
  async document(): Promise<string> {
    const isFresh = [...this.#upstreams.keys()].every((service) =>
      this.#now() < (this.#known.get(service)?.until ?? -Infinity)
    );
    if (this.#text && isFresh) return this.#text;
    this.#composing ??= this.#compose().finally(() => this.#composing = undefined);
    return await this.#composing;
  }

  async #compose(): Promise<string> {
    await Promise.all([...this.#upstreams].map(([service, upstream]) => this.#refresh(service, upstream)));
    const services: ServiceDocument[] = [...this.#upstreams.keys()].map((service) => ({
      service,
      document: this.#known.get(service)?.document,
    }));
    return this.#text = JSON.stringify(describeApi(this.options.routes, this.options.version, services));
  }

  async #refresh(service: string, upstream: string): Promise<void> {
    const { logger, fetchDocument = (url) => fetchText(url, FETCH_MS, MAX_BYTES) } = this.options;
    const known = this.#known.get(service);
    if (known && this.#now() < known.until) return;
    try {
      const document = checked(parseExactly(await fetchDocument(`${upstream}/openapi.json`)));
      this.#known.set(service, { document, until: this.#now() + FRESH_MS });
    } catch (error) {
      logger.info('a service does not describe itself', { upstream: service, error: describe(error) });
      this.#known.set(service, { until: this.#now() + RETRY_MS });
    }
  }
}

function checked(document: unknown): Document {
  const { openapi, paths } = (document ?? {}) as Partial<Document>;
  if (typeof openapi !== 'string' || !openapi.startsWith('3.1.') || typeof paths !== 'object' || !paths) {
    throw new Error('not an OpenAPI 3.1 document');
  }
  return document as Document;
}
