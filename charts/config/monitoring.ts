/** What can be configured of monitoring: Prometheus, who is told of alerts, which parts run. */
import { z } from 'zod';
import { address, bytes, cpu, dns1123, port, positive } from './fields.ts';

const part = z.strictObject({ enabled: z.boolean().default(true) }).prefault({});
const receivers = z.array(z.enum(['webhook', 'email'])).default([]);

const alertmanager = z
  .strictObject({
    storage: bytes.default('1Gi'),
    /** How long silences and resolved alerts are kept. */
    retentionHours: positive.default(120),
    /** Who is told, by severity. Empty: the alert is only shown. */
    routes: z.strictObject({ critical: receivers, warning: receivers, info: receivers }).prefault({}),
    /** Address of the `email` receiver; the server is that of `settings.smtp*`. */
    emailTo: z.string().default(''),
    /** User at that server; its password is the Secret `alertmanager-email`. Empty: it takes mail from anyone. */
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
    /** Where alerts say their pages of docs/runbooks are: the address your repository shows them at. */
    runbooks: z
      .string()
      .regex(/^\S+[^/\s]$/, 'an address or a path, without a slash at its end')
      .default('docs/runbooks'),
    /** CPU, memory, disks of the nodes. */
    nodeExporter: part,
    /** What Kubernetes knows of pods, jobs and workloads. */
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
    /** Volumes filling up, throttling, use of containers: asked of the kubelets. */
    kubelet: part,
    /** A copy of every sample for those who outgrow one Prometheus: Thanos, Mimir, VictoriaMetrics and the like. */
    remoteWrite: z
      .strictObject({
        /** Empty: none. */
        url: address,
        /** Credentials are the Secret `prometheus-remote-write`. */
        authentication: z.enum(['none', 'basic', 'bearer']).default('none'),
      })
      .prefault({}),
    /** Ports of this machine that `kubectl port-forward` is given. */
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
