/**
 * Makes the kubelet restart a container whose program reads Secrets only at start. A liveness probe compares
 * the mounted files with those at start, so it works with every tool that changes a Secret.
 */
import type { k8s } from 'cdk8s-plus-28';
import { exec } from './probes.ts';

const sum = (folder: string): string => `sha256sum ${folder}/*`;

/** First line of the container's command: records the files before the program reads them. */
export const rememberFiles = (folder: string, state: string): string => `${sum(folder)} > ${state}`;

/** @param alive a command that fails when the program hangs. */
export const unchangedFiles = (
  shell: 'bash' | 'sh',
  folder: string,
  state: string,
  alive: string,
): k8s.Probe =>
  exec([shell, '-euc', `now=$(${sum(folder)})\nbefore=$(cat ${state})\n[ "$now" = "$before" ]\n${alive}`], {
    periodSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 3,
  });

/** A shell command that fails unless something listens on the port. */
export const listens = (port: number): string => `: < /dev/tcp/127.0.0.1/${port}`;
