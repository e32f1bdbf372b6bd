/** The configuration of monitoring: Prometheus, receivers of alerts, which parts run. */
import { z } from 'zod';
import { address, bytes, cpu, dns1123, port, positive } from './fields.ts';

const part = z.strictObject({ enabled: z.boolean().default(true) }).prefault({});
const receivers = z.array(z.enum(['webhook', 'email'])).default([]);

const alertmanager = z
  .strictObject({
    storage: bytes.default('1Gi'),
    /** How long silences and resolved alerts are kept. */
    retentionHours: positive.default(120),
    routes: z
      .strictObject({
        /** Receivers of critical alerts. Empty: Alertmanager shows them and notifies no receiver. */
        critical: receivers,
        /** Receivers of warnings; the same. */
        warning: receivers,
        /** Receivers of alerts for information; the same. */
        info: receivers,
      })
      .prefault({}),
    /** Address of the `email` receiver; the server is that of `settings.smtp*`. */
    emailTo: z.string().default(''),
    /** User at that server; the Secret `alertmanager-email` has the password. Empty: the server asks for no login. */
    emailUser: z.string().default(''),
    /** Secret in the monitoring namespace with an `alertmanager.yaml` of your own, in place of `routes`. @default none */
    configSecret: dns1123.optional(),
  })
  .prefault({});

export const monitoring = z
  .strictObject({
    enabled: z.boolean().default(true),
    retentionHours: positive.default(200),
    storage: bytes.default('20Gi'),
    cpu: z.strictObject({ request: cpu, limit: cpu }).default({ request: '250m', limit: '500m' }),
    memory: z.strictObject({ request: bytes, limit: bytes }).default({ request: '256Mi', limit: '512Mi' }),
    /** Seconds between two scrapes of a target, and two evaluations of a rule. */
    scrapeSeconds: z.int().min(10).max(60).default(30),
    alertmanager,
    /** Address under which your repository shows docs/runbooks; alerts link to their pages there. */
    runbooks: z
      .string()
      .regex(/^\S+[^/\s]$/, 'an address or a path, without a slash at its end')
      .default('docs/runbooks'),
    /** CPU, memory, disks of the nodes. */
    nodeExporter: part,
    /** Metrics about the state of pods, Jobs and workloads. */
    kubeStateMetrics: part,
    /** Dashboards. */
    grafana: z
      .strictObject({
        enabled: z.boolean().default(true),
        cpu: z.strictObject({ request: cpu, limit: cpu }).default({ request: '100m', limit: '250m' }),
        memory: z
          .strictObject({ request: bytes, limit: bytes })
          .default({ request: '128Mi', limit: '256Mi' }),
      })
      .prefault({}),
    /** Metrics of the kubelets: space on volumes, CPU throttling, use of containers. */
    kubelet: part,
    /** Sends every sample to a larger store as well, such as Thanos, Mimir or VictoriaMetrics. */
    remoteWrite: z
      .strictObject({
        /** Empty: none. */
        url: address,
        /** Credentials are the Secret `prometheus-remote-write`. */
        authentication: z.enum(['none', 'basic', 'bearer']).default('none'),
      })
      .prefault({}),
    /** Ports of this machine for `kubectl port-forward`. */
    localPorts: z
      .strictObject({
        prometheus: port.default(9090),
        alertmanager: port.default(9093),
        grafana: port.default(3001),
        redis: port.default(6379),
      })
      .prefault({}),
  })
  .prefault({});

interface Monitored {
  readonly monitoring: z.output<typeof monitoring>;
}

const SEVERITIES = ['critical', 'warning', 'info'] as const;

/** Whether any severity is sent to that receiver. */
export const notifies = (
  { monitoring: { alertmanager } }: Monitored,
  receiver: 'webhook' | 'email',
): boolean => SEVERITIES.some((severity) => alertmanager.routes[severity].includes(receiver));
