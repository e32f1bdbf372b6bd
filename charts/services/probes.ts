/**
 * Probes of every service. The contract: health every 30 s, timeout 10 s, 3 retries, 60 s to start. Startup and
 * readiness are asked more often, so that a pod becomes ready early; the limits stay.
 */
import type { k8s } from 'cdk8s-plus-28';
import { http, READINESS, STARTUP, type Timing } from '../constructs/probes.ts';

const probe = (path: string, timing: Timing): k8s.Probe =>
  http(path, 'http', { ...timing, timeoutSeconds: 10 });

export const serviceProbes: Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> = {
  startupProbe: probe('/live', STARTUP),
  // Checks the database and Redis.
  readinessProbe: probe('/health', READINESS),
  // Checks the process only: a restart would not bring back a database.
  livenessProbe: probe('/live', { periodSeconds: 30, failureThreshold: 3 }),
};
