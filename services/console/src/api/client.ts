/** The API, typed by its description: a changed contract fails the type check. */
import createClient from 'openapi-fetch';
import { problemOf } from './problem.ts';
import type { components, paths } from './schema.ts';
import { Tokens } from './tokens.ts';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** The client sends no token to these paths, which handle passwords and sessions. */
const WITHOUT_TOKEN = /\/auth\/(login|register|refresh)$/;

const client = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '', credentials: 'omit' });

export const tokens = new Tokens((refresh_token) =>
  answer(client.POST('/api/users/auth/refresh', { body: { refresh_token } }))
);

let onEnd: () => void = () => undefined;

/** Sets the handler for a session that the platform refuses. */
export function whenSessionEnds(handler: () => void): void {
  onEnd = handler;
}

client.use({
  async onRequest({ request }) {
    if (WITHOUT_TOKEN.test(new URL(request.url).pathname)) return;
    const token = await tokens.access();
    if (token) request.headers.set('Authorization', `Bearer ${token}`);
  },
  onResponse({ request, response }) {
    const isLogin = request.url.endsWith('/auth/login');
    if (response.status === 401 && !isLogin) {
      tokens.clear();
      onEnd();
    }
  },
});

export const api = client;

interface Answer<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/** The JSON body of an answer; throws its Problem when the answer is an error. */
export async function answer<Data>(
  pending: Promise<Answer<Data>>,
): Promise<Exclude<Data, string | null | undefined>> {
  const { data, error, response } = await pending;
  if (!response.ok || !isContent(data)) throw problemOf(response.status, error);
  return data;
}

const isContent = <Data>(data: Data): data is Exclude<Data, string | null | undefined> =>
  typeof data === 'object' && data !== null;

/** Waits for an answer without a body; throws its Problem when the answer is an error. */
export async function done(pending: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await pending;
  if (!response.ok) throw problemOf(response.status, error);
}
