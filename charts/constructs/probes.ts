/** Probes, by what they ask. An answer may take five seconds, unless the probe says otherwise. */
import { k8s } from 'cdk8s-plus-28';

export type Timing = Omit<k8s.Probe, 'exec' | 'grpc' | 'httpGet' | 'tcpSocket'>;

/** Of our own programs, asked often, so that they become ready early: 60 s to start, 30 s without what they need. */
export const STARTUP: Timing = { periodSeconds: 1, failureThreshold: 60 };
export const READINESS: Timing = { periodSeconds: 3, failureThreshold: 10 };

const probe = (question: k8s.Probe, timing: Timing): k8s.Probe => ({
  timeoutSeconds: 5,
  ...question,
  ...timing,
});

/** @param port name of a port of the container. */
export const tcp = (port: string, timing: Timing): k8s.Probe =>
  probe({ tcpSocket: { port: k8s.IntOrString.fromString(port) } }, timing);

/** @param port name of a port of the container. */
export const http = (path: string, port: string, timing: Timing): k8s.Probe =>
  probe({ httpGet: { path, port: k8s.IntOrString.fromString(port) } }, timing);

export const exec = (command: readonly string[], timing: Timing): k8s.Probe =>
  probe({ exec: { command: [...command] } }, timing);
