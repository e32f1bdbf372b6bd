import { describe, expect, it } from 'vitest';
import { checkSeedable, retryAfter, SEED_USERS } from '../../ops/core/seed.ts';
import { configOf } from '../support/objects.ts';

describe('test data', () => {
  it('is not for production', () => {
    expect(() => checkSeedable(configOf('dev'))).not.toThrow();
    expect(() => checkSeedable(configOf('staging'))).not.toThrow();
    expect(() => checkSeedable(configOf('production'))).toThrow('seed: production gets no test data');
  });
  it('has a user of each role, the administrator first, at reserved addresses', () => {
    expect(SEED_USERS.map(({ role }) => role)).toEqual(['admin', 'analyst', 'user']);
    for (const { email } of SEED_USERS) expect(email).toMatch(/@example\.com$/);
  });
  it.each([
    ['7', 7],
    ['600', 60],
    [undefined, 1],
    ['soon', 1],
    ['-1', 1],
  ])('waits %s as %d s', (header, seconds) => {
    expect(retryAfter(header)).toBe(seconds);
  });
});
