/** Names of the Secrets that more than one component uses, and which of them hold the keys of tokens. */
import type { Config } from '../config/schema.ts';

/** The key everyone shares, with HS256. */
export const JWT_SECRET = 'jwt';
/** The private key of user-management, with the other algorithms. */
export const JWT_SIGNING_SECRET = 'jwt-signing';
export const REDIS_SECRET = 'redis';

/** Whether user-management signs with a key that no other service has. */
export const signsWithOwnKey = ({ settings }: Config): boolean => settings.jwtAlgorithm !== 'HS256';
