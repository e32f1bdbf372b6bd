/** What can be configured of logging: how long, how much, who signs its certificates, where snapshots go. */
import { z } from 'zod';
import { address, bytes, dns1123, positive } from './fields.ts';

const snapshots = z.strictObject({
  /** Bucket of an S3-compatible object store. Credentials are the Secret `elasticsearch-snapshots`. */
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name such as platform-logs'),
  /** Folder in the bucket. */
  prefix: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*$/, 'a path such as logs/assistants')
    .default('logs'),
  /** Where the store is, when it is not Amazon's. */
  endpoint: address,
  /** Six fields of Elasticsearch's own cron, seconds first, UTC. */
  schedule: z
    .string()
    .regex(/^(\S+ ){5}\S+$/, 'six cron fields such as "0 30 1 * * ?"')
    .default('0 30 1 * * ?'),
  retentionDays: positive.default(30),
});

export const logging = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** Days a line can be searched; then its index is deleted. */
    retentionDays: positive.default(14),
    /** Volume of Elasticsearch. */
    storage: bytes.default('20Gi'),
    /**
     * A cert-manager ClusterIssuer with a certificate authority, which signs the certificates of logging and renews them.
     * @default none: they are Secrets, made like the others
     */
    issuer: dns1123.optional(),
    /** Nightly snapshots of all lines. @default none */
    snapshots: snapshots.optional(),
  })
  .prefault({});
