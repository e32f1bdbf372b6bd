/** Fields of PostgreSQL and Redis that others run, such as a managed service. */
import { z } from 'zod';
import { bundle, cidr, port, positive } from './fields.ts';
import { podsSchema } from './network.ts';

const place = {
  /** Its name or address; the server's certificate has to be for it. */
  host: z
    .string()
    .regex(/^[\w.:-]+$/, 'a host name or an address')
    .exactOptional(),
  /** Where it listens. @default the usual port, 5432 or 6379 */
  port: port.exactOptional(),
  /** Authority of its certificate. Needed wherever that is verified. */
  ca: bundle.exactOptional(),
  /** Ranges it answers from: NetworkPolicies know no names. */
  cidrs: z.array(cidr).exactOptional(),
  /** Its pods, by namespace and labels, when it runs in this cluster. */
  pods: podsSchema.exactOptional(),
};
const postgres = {
  ...place,
  /** As libpq has it: `verify-full` checks authority and name, `require` only encrypts. @default verify-full */
  sslMode: z.enum(['disable', 'require', 'verify-full']).exactOptional(),
  /** Connections it takes, for all databases on it together. @default 100, PostgreSQL's own */
  maxConnections: positive.exactOptional(),
};
export const externalDatabases = z.strictObject(postgres).exactOptional();
export const externalDatabase = z
  .strictObject({
    /** Name of the database. @default the service's own, with `databases.environmentInName` */
    name: z.string().min(1).exactOptional(),
    /** The service's role, which owns the database. @default the service's own, like the name */
    user: z.string().min(1).exactOptional(),
    ...postgres,
  })
  .exactOptional();
export const externalRedis = z
  .strictObject({
    ...place,
    /** Encrypts, and checks authority and name. @default true */
    tls: z.boolean().exactOptional(),
  })
  .exactOptional();
