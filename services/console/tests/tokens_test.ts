import { Tokens } from '../src/api/tokens.ts';
import { equal, rejects } from './check.ts';

const result = (number: number) => ({
  access_token: `access-${number}`,
  refresh_token: `refresh-${number}`,
  token_type: 'Bearer',
  expires_in: 60,
  refresh_expires_in: 3600,
  user_id: '0a6f2f0e-6d0f-4c55-8f0d-2b1f6a3c0001',
});

function clock() {
  const spent: string[] = [];
  const state = { now: 0 };
  const tokens = new Tokens((refresh) => {
    spent.push(refresh);
    return Promise.resolve(result(spent.length + 1));
  }, () => state.now);
  return { tokens, spent, state };
}

Deno.test('a token that is good for long is used again', async () => {
  const { tokens, spent, state } = clock();
  tokens.accept(result(1));
  state.now = 29_000;
  equal(await tokens.access(), 'access-1');
  equal(spent, []);
});

Deno.test('a token that ends soon is exchanged once for all who ask, and each refresh token is used once', async () => {
  const { tokens, spent, state } = clock();
  tokens.accept(result(1));
  state.now = 31_000;
  equal(await Promise.all([tokens.access(), tokens.access(), tokens.access()]), [
    'access-2',
    'access-2',
    'access-2',
  ]);
  state.now = 70_000;
  equal(await tokens.access(), 'access-3');
  equal(spent, ['refresh-1', 'refresh-2']);
});

Deno.test('who signs out during an exchange stays signed out', async () => {
  const { tokens, state } = clock();
  tokens.accept(result(1));
  state.now = 31_000;
  const asked = tokens.access();
  tokens.clear();
  await asked;
  equal(await tokens.access(), undefined);
});

Deno.test('an exchange that fails says so, and the next call tries again', async () => {
  let failures = 1;
  const tokens = new Tokens(
    () => failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve(result(2)),
    () => 0,
  );
  tokens.accept({ ...result(1), expires_in: 1 });
  await rejects(() => tokens.access(), 'away');
  equal(await tokens.access(), 'access-2');
});
