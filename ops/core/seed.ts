/** Test data: who there is, and what is copied from 1C. */
import type { Config } from '../../charts/config/schema.ts';
import type { Role } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

export interface SeedUser {
  readonly email: string;
  readonly role: Role;
}

/** `example.com` is reserved for examples (RFC 2606). The first one is the administrator who gives the others their roles. */
export const SEED_USERS: readonly SeedUser[] = [
  { email: 'admin@example.com', role: 'admin' },
  { email: 'analyst@example.com', role: 'analyst' },
  { email: 'user@example.com', role: 'user' },
];

/** Holds the password of all of them, random, made once. */
export const SEED_SECRET = 'seed-users';

/** What the simulator, and any 1C configuration built on the standard subsystems, has. */
export const SEED_ENTITY_SETS = ['Catalog_Организации', 'Catalog_Контрагенты'] as const;

export const SEED_QUESTION = 'Чем регистр накопления отличается от регистра сведений?';

/** @throws Failure where no account may be made up. */
export function checkSeedable({ environment, tier }: Config): void {
  if (tier === 'protected')
    throw new Failure(`seed: ${environment} gets no test data`, 'name another one with --env');
}

export interface Seeded {
  readonly usersCreated: number;
  readonly usersKept: number;
  readonly companies: number;
  readonly chat: 'created' | 'kept' | 'skipped: no model provider is set';
}

/** Seconds to wait when a limit says so; a header that is missing or odd counts as its shortest. */
export function retryAfter(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 60) : 1;
}
