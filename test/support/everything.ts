/** The values file that sets everything at once. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';

const file = new URL('../config/everything.yaml', import.meta.url);
const values = z.record(z.string(), z.unknown());

export const EVERYTHING = values.parse(load(readFileSync(file, 'utf8')));

/** What rules about defaults speak of, back at its default: the rest of EVERYTHING is judged by them. */
export const AS_RULED = {
  edge: { maxBodyMiB: 100 },
  egress: { 'model-providers': { cidrs: ['0.0.0.0/0', '::/0'] }, dns: { ports: [53] } },
  pods: {
    priorityClassName: 'assistants-standard',
    components: { redis: { priorityClassName: 'assistants-critical' } },
    topologySpreadConstraints: [
      {
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
  },
  monitoring: {
    alertmanager: { routes: { critical: [], warning: [], info: [] } },
    remoteWrite: { url: '', authentication: 'none' },
  },
} as const;
