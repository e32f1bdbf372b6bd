/**
 * Probes of every service. The contract: health every 30 s, timeout 10 s, 3 retries, 60 s to start. The startup probe
 * runs more often, so that a pod becomes ready early; the limit of 60 s stays.
 */
import type { k8s } from 'cdk8s-plus-28';
import { http } from '../constructs/probes.ts';

const probe = (path: string, periodSeconds: number, failureThreshold: number): k8s.Probe =>
  http(path, 'http', { periodSeconds, failureThreshold, timeoutSeconds: 10 });

export const serviceProbes: Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> = {
  // 60 s in all.
  startupProbe: probe('/live', 1, 60),
  // Checks the database and Redis.
  readinessProbe: probe('/health', 10, 3),
  // Checks the process only: a restart would not bring back a database.
  livenessProbe: probe('/live', 30, 3),
};
