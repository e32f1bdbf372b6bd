/** The filter masks secrets and personal data, and leaves all other text unchanged. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MASKS } from '../../charts/logging/masking.ts';
import { type Filter, loadFilter } from './filter.ts';

let filter: Filter;
beforeAll(async () => {
  filter = await loadFilter();
});

const messageOf = (message: string): unknown =>
  filter.lines([{ message, container: 'analytics' }])[0]?.message;

const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiI0MiIsInJvbGUiOiJhZG1pbiJ9', 'c2lnbmF0dXJl'].join('.');
const PEM = ['-----BEGIN PRIVATE KEY-----', 'MIGHAgEAMBMGByqGSM49', '-----END PRIVATE KEY-----'].join('\n');
const PROVIDER_KEY = ['sk', 'proj', 'abcdefghijklmnop1234'].join('-');

/** Name of the mask, line, masked line. */
const MASKED: readonly [string, string, string][] = [
  ['private key', `loaded ${PEM} from a file`, 'loaded *** from a file'],
  ['private key', `cut off ${PEM.slice(0, 40)}`, 'cut off ***'],
  ['JSON web token', `token refused: ${JWT}`, 'token refused: ***'],
  ['authorization header', 'Authorization: Basic dXNlcjpwYXNz, host: x', 'Authorization: ***, host: x'],
  ['authorization header', '{"authorization": "Bearer abc"', '{"authorization": "***"'],
  [
    'authorization header',
    'sent {\\"Authorization\\": \\"Bearer abc.def\\"}',
    'sent {\\"Authorization\\": \\"***\\"}',
  ],
  ['bearer token', 'header was bearer 9f8e7d6c5b4a', 'header was bearer ***'],
  ['cookie', 'Cookie: session=1; theme=dark', 'Cookie: ***'],
  ['password or key beside its name', 'login with password=hunter2&next=/', 'login with password=***&next=/'],
  ['password or key beside its name', "{'password': 'hunter2', 'a': 1}", "{'password': '***', 'a': 1}"],
  ['password or key beside its name', 'OPENAI_API_KEY=abc123', 'OPENAI_API_KEY=***'],
  ['password or key beside its name', 'GET /reset?token=abc123 HTTP/1.1', 'GET /reset?token=*** HTTP/1.1'],
  ['password or key beside its name', 'client_secret: "s3cr3t"', 'client_secret: "***"'],
  ['password or key beside its name', 'refresh_token=r1', 'refresh_token=***'],
  ['password in SQL', "ALTER ROLE ai_user PASSWORD 'hunter2'", "ALTER ROLE ai_user PASSWORD '***'"],
  ['key of a model provider', `rejected ${PROVIDER_KEY}`, 'rejected ***'],
  [
    'credentials in an address',
    'connect redis://:hunter2@redis:6379/0 failed',
    'connect redis://***@redis:6379/0 failed',
  ],
  ['e-mail address', 'mail to Ivan.Petrov+1c@example.co.uk failed', 'mail to [e-mail] failed'],
  ['e-mail address', 'DETAIL (email)=(иван@пример.рф) exists', 'DETAIL (email)=([e-mail]) exists'],
];

const KEPT: readonly string[] = [
  'token refused',
  'tokens=12, max_tokens: 100',
  'the bearer authentication is off',
  'password authentication failed for user "ai_user"',
  'GET https://security:8004/health 200',
  'listening on 0.0.0.0:8000',
  'secretary called; passwordless login',
  'Running upgrade 0001 -> 0002, Incremental synchronization',
  'duration: 512.331 ms  statement: SELECT 1',
];

describe('masking', () => {
  it.each(MASKED)('%s: %s', (_, line, expected) => {
    expect(messageOf(line)).toBe(expected);
  });
  it('every mask has a line that needs it', () => {
    expect(new Set(MASKED.map(([name]) => name))).toEqual(new Set(MASKS.map(({ name }) => name)));
  });
  it.each(KEPT)('leaves alone: %s', (line) => {
    expect(messageOf(line)).toBe(line);
  });
  it('reaches every field: nested, in lists, unknown ones, and those whose name says it', () => {
    const line = {
      level: 'info',
      message: 'x',
      path: '/auth/reset?token=abc',
      errors: ['mail a@b.example', 'fine'],
      exception: `Traceback\nValueError: ${JWT}`,
      headers: { authorization: 'Basic abc', cookie: 'a=b', accept: '*/*' },
      smtp_password: 'hunter2',
      api_key: 'k',
      tokens: 12,
      list: [{ secret: 'x', note: 'to c@d.example' }],
    };
    const [document] = filter.lines([{ message: JSON.stringify(line), container: 'security' }]);
    expect(document).toMatchObject({
      path: '/auth/reset?token=***',
      errors: ['mail [e-mail]', 'fine'],
      exception: 'Traceback\nValueError: ***',
      tokens: 12,
      extra: {
        'headers.authorization': '***',
        'headers.cookie': '***',
        'headers.accept': '*/*',
        smtp_password: '***',
        api_key: '***',
        list: [{ secret: '***', note: 'to [e-mail]' }],
      },
    });
  });
  it('runs under a Ruby', () => {
    expect(filter.ruby('RUBY_VERSION')).toMatch(/^3\./);
  });
});
