/** Names of the Secrets that more than one component uses. */
/** With HS256: the key all services share. */
export const JWT_SECRET = 'jwt';
/** With other algorithms: the private key of user-management. */
export const JWT_SIGNING_SECRET = 'jwt-signing';
export const REDIS_SECRET = 'redis';
