/** The API, typed by its description: a changed contract fails the type check. */
import createClient from 'openapi-fetch';
import { problemOf } from './problem.ts';
import type { components, paths } from './schema.ts';
import { Tokens } from './tokens.ts';

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** Answers of this path are about passwords and sessions: they are asked without a token. */
const WITHOUT_TOKEN = /\/auth\/(login|register|refresh)$/;

const client = createClient<paths>({ baseUrl: globalThis.location?.origin ?? '', credentials: 'omit' });

export const tokens = new Tokens((refresh_token) =>
  answer(client.POST('/api/users/auth/refresh', { body: { refresh_token } }))
);

let onEnd: () => void = () => undefined;

/** Names what is done when the platform refuses the session. */
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

/** The body of an answer, which is no mere text; throws its problem when it says no. */
export async function answer<Data>(
  pending: Promise<Answer<Data>>,
): Promise<Exclude<Data, string | null | undefined>> {
  const { data, error, response } = await pending;
  if (!response.ok || !isContent(data)) throw problemOf(response.status, error);
  return data;
}

const isContent = <Data>(data: Data): data is Exclude<Data, string | null | undefined> =>
  typeof data === 'object' && data !== null;

/** For answers without a body. */
export async function done(pending: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await pending;
  if (!response.ok) throw problemOf(response.status, error);
}
