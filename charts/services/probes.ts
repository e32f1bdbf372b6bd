/**
 * Probes of every service. The contract: health every 30 s, timeout 10 s, 3 retries, 60 s to start. Startup and
 * readiness are asked more often, so that a pod becomes ready early; the limits stay.
 */
import type { k8s } from 'cdk8s-plus-28';
import { http } from '../constructs/probes.ts';

const probe = (path: string, periodSeconds: number, failureThreshold: number): k8s.Probe =>
  http(path, 'http', { periodSeconds, failureThreshold, timeoutSeconds: 10 });

export const serviceProbes: Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> = {
  // 60 s in all.
  startupProbe: probe('/live', 1, 60),
  // Checks the database and Redis. A pod whose stores come late is ready 3 s after them; 30 s without them are allowed.
  readinessProbe: probe('/health', 3, 10),
  // Checks the process only: a restart would not bring back a database.
  livenessProbe: probe('/live', 30, 3),
};
