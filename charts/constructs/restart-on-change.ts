/**
 * For programs that read Secrets at their start only: the container is started anew, in its pod, when its files are not
 * those of the start. Whatever tool changed the Secret, the kubelet brings the files and asks the probe.
 */
import type { k8s } from 'cdk8s-plus-28';

const sum = (folder: string): string => `sha256sum ${folder}/*`;

/** First line of the container's command: what the files are before the program reads them. */
export const rememberFiles = (folder: string, state: string): string => `${sum(folder)} > ${state}`;

/** @param alive a command that fails when the program hangs. */
export const unchangedFiles = (
  shell: 'bash' | 'sh',
  folder: string,
  state: string,
  alive: string,
): k8s.Probe => ({
  exec: {
    command: [
      shell,
      '-euc',
      `now=$(${sum(folder)})\nbefore=$(cat ${state})\n[ "$now" = "$before" ]\n${alive}`,
    ],
  },
  periodSeconds: 30,
  timeoutSeconds: 10,
  failureThreshold: 3,
});

/** Whether something listens there. */
export const listens = (port: number): string => `: < /dev/tcp/127.0.0.1/${port}`;
