/**
 * Masks that keep secrets and personal data out of the log store. Logstash applies them in this order to
 * every text of a line. The patterns mean the same to Ruby (Onigmo, Joni) and JavaScript, except `i`; `\\1`
 * is the first group.
 */

export interface Mask {
  readonly name: string;
  /** Lower-case words; a text that matches has at least one. Searching for them first is much cheaper. */
  readonly needs: readonly string[];
  readonly pattern: string;
  readonly replacement: string;
}

export const MASKED = '***';

export const MASKS: readonly Mask[] = [
  {
    name: 'private key',
    needs: ['private key-----'],
    pattern: '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$(?![\\s\\S]))',
    replacement: MASKED,
  },
  {
    name: 'JSON web token',
    needs: ['eyj'],
    pattern: '\\beyJ[\\w-]{5,}\\.[\\w-]{5,}\\.[\\w-]*',
    replacement: MASKED,
  },
  {
    name: 'authorization header',
    needs: ['authorization'],
    pattern: '(\\bauthorization\\\\?["\']?\\s*[:=]\\s*\\\\?["\']?)(?:[a-z]+\\s+)?[^\\s"\',;\\\\]+',
    replacement: `\\1${MASKED}`,
  },
  {
    name: 'bearer token',
    needs: ['bearer'],
    pattern: '(\\bbearer\\s+)(?=[^\\s"\']*\\d)[\\w.~+/=-]{8,}',
    replacement: `\\1${MASKED}`,
  },
  {
    name: 'cookie',
    needs: ['cookie'],
    pattern: '(\\b(?:set-)?cookie\\\\?["\']?\\s*[:=]\\s*\\\\?["\']?)[^\\s"\',\\\\][^"\'\\n\\\\]*',
    replacement: `\\1${MASKED}`,
  },
  {
    name: 'password or key beside its name',
    needs: ['passw', 'passphrase', 'pwd', 'secret', 'token', 'key'],
    pattern:
      '((?:password|passwd|pwd|passphrase|secret|(?:access|refresh|id)_?token|token|api[_-]?key|private[_-]?key|client[_-]?secret)\\\\?["\']?\\s*[:=]\\s*\\\\?["\']?)[^\\s"\'&,;}\\\\]+',
    replacement: `\\1${MASKED}`,
  },
  {
    name: 'password in SQL',
    needs: ['password'],
    pattern: "(\\bpassword\\s+')[^']*'",
    replacement: `\\1${MASKED}'`,
  },
  {
    name: 'key of a model provider',
    needs: ['sk-', 'pk-', 'rk-'],
    pattern: '\\b(?:sk|pk|rk)-[\\w-]{16,}',
    replacement: MASKED,
  },
  {
    name: 'credentials in an address',
    needs: ['://'],
    pattern: '(\\b[a-z][a-z0-9+.-]*://)[^\\s/@"\']+@',
    replacement: `\\1${MASKED}@`,
  },
  {
    name: 'e-mail address',
    needs: ['@'],
    pattern: "[\\p{L}\\p{N}._%+'-]+@[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)+",
    replacement: '[e-mail]',
  },
];

/** Endings of field names whose text is always a secret. */
export const SECRET_NAMES =
  '(?:^|[._-])(?:password|passwd|passphrase|secret|token|authorization|cookie|api[_-]?key|private[_-]?key|credentials?)$';
