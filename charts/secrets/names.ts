/** Names of the Secrets that more than one component uses. */
export const JWT_SECRET = 'jwt';
export const REDIS_SECRET = 'redis';
