/** Typed constructs for the Prometheus Operator: the fields the platform uses. */
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

export interface MonitorEndpoint {
  /** Name of the port. */
  readonly port: string;
  readonly path: string;
  /** Such as `30s`. */
  readonly interval: string;
  readonly scrapeTimeout: string;
}

export interface MonitorProps {
  readonly metadata: ApiObjectMetadata;
  readonly selector: Readonly<Record<string, string>>;
  readonly namespaces: readonly string[];
  readonly endpoint: MonitorEndpoint;
}

/** Scrapes the pods themselves, so that a pod that is not ready is still seen. */
export class PodMonitor extends ApiObject {
  constructor(scope: Construct, id: string, { metadata, selector, namespaces, endpoint }: MonitorProps) {
    super(scope, id, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata,
      spec: {
        jobLabel: 'app.kubernetes.io/name',
        selector: { matchLabels: selector },
        namespaceSelector: { matchNames: namespaces },
        podMetricsEndpoints: [endpoint],
      },
    });
  }
}
