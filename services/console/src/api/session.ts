/** The session of the signed-in user. */
import { answer, api, done, type Schema, tokens } from './client.ts';
import { problemOf } from './problem.ts';
import type { LoginResult } from './tokens.ts';

export type User = Schema<'user-management.UserView'>;
export type Role = User['role'];

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export async function signIn(credentials: Credentials): Promise<User> {
  return await accepted(await answer(api.POST('/api/users/auth/login', { body: credentials })));
}

/** Starts a session with the refresh token that the identity provider's redirect put after the `#`. */
export async function resume(refresh_token: string): Promise<User> {
  return await accepted(await answer(api.POST('/api/users/auth/refresh', { body: { refresh_token } })));
}

export async function register(credentials: Credentials): Promise<User> {
  return await answer(api.POST('/api/users/auth/register', { body: credentials }));
}

export async function signOut(): Promise<void> {
  try {
    await done(api.POST('/api/users/auth/logout'));
  } finally {
    tokens.clear();
  }
}

async function accepted(result: LoginResult): Promise<User> {
  tokens.accept(result);
  const path = { user_id: result.user_id };
  return await answer(api.GET('/api/users/{user_id}', { params: { path } }));
}

/** Whether the platform has an identity provider. */
export const hasProvider = async (): Promise<boolean> =>
  (await answer(api.GET('/api/users/sign-in/methods'))).identity_provider;

const PROVIDER = '/api/users/auth/oidc/login?next=/';

/** Navigates to the identity provider; throws when none is configured. */
export async function leaveForProvider(): Promise<void> {
  const response = await fetch(PROVIDER, { redirect: 'manual', credentials: 'omit' });
  if (response.type !== 'opaqueredirect') {
    throw problemOf(response.status, await response.json().catch(() => undefined));
  }
  location.assign(PROVIDER);
}

/** Takes the refresh token out of the address and removes it there. */
export function takeFromAddress(): string | undefined {
  const found = new URLSearchParams(location.hash.slice(1)).get('refresh_token') ?? undefined;
  if (found) history.replaceState(null, '', location.pathname);
  return found;
}
