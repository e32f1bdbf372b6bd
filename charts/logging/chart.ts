/** Logging: collector, pipeline, store, search, and the job that sets them up. */
import type { Construct } from 'constructs';
import { Certificate } from '../../imports/cert-manager.io.ts';
import { namespaceOf } from '../constructs/names.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { Elasticsearch } from './elasticsearch.ts';
import { Filebeat } from './filebeat.ts';
import { Kibana } from './kibana.ts';
import { Logstash } from './logstash.ts';
import { CERTIFIED, certificateSecret, dnsNamesOf } from './names.ts';
import { Setup } from './setup.ts';

export class Logging extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'logging');
    const { issuer } = props.config.logging;
    if (issuer) this.addCertificates(issuer);
    new Elasticsearch(this, 'elasticsearch', props);
    new Logstash(this, 'logstash', props);
    new Kibana(this, 'kibana', props);
    new Setup(this, 'setup', props);
  }

  private addCertificates(issuer: string): void {
    for (const { name, zone } of CERTIFIED)
      new Certificate(this, `${name}-certificate`, {
        metadata: { name, namespace: namespaceOf(this.config, zone) },
        secretName: certificateSecret(name),
        dnsNames: dnsNamesOf(this.config, name, zone),
        issuer,
        issuerKind: 'ClusterIssuer',
      });
  }
}

export class LogCollector extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'node-agents');
    new Filebeat(this, 'filebeat', props);
  }
}
