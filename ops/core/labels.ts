/** What the labels of an image say about it. */
import { z } from 'zod';

const PREFIX = 'org.opencontainers.image';

export interface Labels {
  readonly version: string;
  readonly revision: string;
  readonly created: string;
}

const labels = z.record(z.string(), z.string()).nullable();

/** @param text labels as Docker prints them in JSON: `null` where there is none. */
export function parseLabels(text: string): Labels {
  const found = labels.parse(JSON.parse(text)) ?? {};
  const value = (name: string): string => found[`${PREFIX}.${name}`] ?? 'unknown';
  return { version: value('version'), revision: value('revision'), created: value('created') };
}
