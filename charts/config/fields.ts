/** Kinds of values fields of the configuration have, each with what is expected of it. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseCpu, parseMemory } from './quantity.ts';

function isRange(text: string): boolean {
  const [, address = '', length = ''] = /^([\da-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && Number(length) <= (version === 4 ? 32 : 128);
}

export const cpu = z
  .string()
  .refine((value) => parseCpu(value) !== undefined, 'a CPU quantity such as 250m or 1')
  .meta({ title: 'CPU quantity' });
export const bytes = z
  .string()
  .refine((value) => parseMemory(value) !== undefined, 'a quantity of bytes such as 256Mi or 1Gi')
  .meta({ title: 'bytes' });
export const cidr = z
  .string()
  .refine(isRange, 'a range in CIDR notation such as 10.0.0.0/8 or fd00::/8')
  .meta({ title: 'range' });
export const port = z.int().min(1).max(65535);
export const cron = z.string().regex(/^(\S+ ){4}\S+$/, 'five cron fields such as "15 2 * * *"');
export const positive = z.int().min(1);
export const dns1123 = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'lower-case letters, digits and "-", neither first nor last a "-"',
  );

/** Certificates of authorities as PEM, in a ConfigMap or a Secret. */
export const bundle = z.strictObject({
  /** ConfigMap with the bundle, in each namespace of the platform, as trust-manager makes it. @default none */
  configMap: dns1123.exactOptional(),
  /** Secret with the bundle, in its place. @default none */
  secret: dns1123.exactOptional(),
  /** Key of the bundle. */
  key: z
    .string()
    .regex(/^[-._a-zA-Z0-9]+$/, 'a key such as ca.crt')
    .default('ca.crt'),
});

/** An http(s) address, or nothing. */
export const address = z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default('');
