/** Kinds of values fields of the configuration have, each with what is expected of it. */
import { z } from 'zod';
import { parseCpu, parseMemory } from '../constructs/quantity.ts';

export const cpu = z
  .string()
  .refine((value) => parseCpu(value) !== undefined, 'a CPU quantity such as 250m or 1');
export const bytes = z
  .string()
  .refine((value) => parseMemory(value) !== undefined, 'a quantity of bytes such as 256Mi or 1Gi');
export const cidr = z
  .string()
  .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, 'an IPv4 range in CIDR notation such as 10.0.0.0/8');
/** Of either version, for addresses that are compared as texts of a program that knows both. */
export const addressRange = z.union([z.cidrv4(), z.cidrv6()], {
  error: 'a range of addresses such as 203.0.113.0/24 or 2001:db8::/32',
});
export const port = z.int().min(1).max(65535);
export const cron = z.string().regex(/^(\S+ ){4}\S+$/, 'five cron fields such as "15 2 * * *"');
export const positive = z.int().min(1);
export const dns1123 = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'lower-case letters, digits and "-", neither first nor last a "-"',
  );

/** An http(s) address, or nothing. */
export const address = z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default('');
