/** Test data: the users, and what is copied from 1C. */
import type { Config } from '../../charts/config/schema.ts';
import type { Role } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

export interface SeedUser {
  readonly email: string;
  readonly role: Role;
}

/** RFC 2606 reserves `example.com`. The first user, an administrator, assigns the others' roles. */
export const SEED_USERS: readonly SeedUser[] = [
  { email: 'admin@example.com', role: 'admin' },
  { email: 'analyst@example.com', role: 'analyst' },
  { email: 'user@example.com', role: 'user' },
];

/** Holds the random password that all users share. */
export const SEED_SECRET = 'seed-users';

/** Exists in the simulator and in any 1C configuration based on the standard subsystems. */
export const SEED_ENTITY_SETS = ['Catalog_Организации', 'Catalog_Контрагенты'] as const;

export const SEED_QUESTION = 'Чем регистр накопления отличается от регистра сведений?';

/** @throws Failure for an environment that must not have test accounts. */
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

/** Seconds to wait after a rate limit; a missing or invalid header means the shortest wait. */
export function retryAfter(header: string | undefined): number {
  const seconds = Number(header);
  return Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 60) : 1;
}
