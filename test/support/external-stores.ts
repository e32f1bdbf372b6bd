/** Databases and Redis on servers that others run; one database is on a server of its own. */
import type { ConfigOverride } from '../../charts/config/environments.ts';

export const MOST = { cidrs: ['192.0.2.0/28'], port: 6432 };
export const AUDIT = { cidrs: ['198.51.100.7/32'], port: 5433 };
export const REDIS = { cidrs: ['203.0.113.0/28', '2001:db8::/64'], port: 6380 };
export const ca = { configMap: 'stores-authority', key: 'stores.pem' };
export const external = (
  server: Exclude<ConfigOverride['databases'], undefined>['external'] = {},
  redis: Exclude<ConfigOverride['redis'], undefined>['external'] = {},
): ConfigOverride => ({
  databases: {
    engine: 'external',
    external: { ...MOST, host: 'databases.example.com', ca, maxConnections: 2000, ...server },
  },
  services: {
    security: { database: { ...AUDIT, host: '198.51.100.7', name: 'audit', user: 'auditor' } },
  },
  redis: { engine: 'external', external: { ...REDIS, host: 'redis.example.com', ca, ...redis } },
  extras: { databaseTest: { enabled: true } },
});
