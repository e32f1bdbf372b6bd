/** Charts of the edge: the controller in its own namespace, and the routes beside the services. */
import type { Construct } from 'constructs';
import { AcmeIssuer, Certificate } from '../../imports/cert-manager.io.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';
import { addIngress } from './ingress.ts';
import { TLS_SECRET } from './names.ts';
import { Traefik } from './traefik.ts';

export class EdgeController extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'edge');
    new Traefik(this, 'traefik', props);
  }
}

export class EdgeRoutes extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const { config, topology } = props;
    for (const spec of topology.services) addIngress(this, config, topology, spec);
    if (config.edge.tls !== 'acme') return;
    new AcmeIssuer(this, 'issuer', {
      metadata: { name: 'letsencrypt' },
      server: config.edge.acme.server,
      email: config.edge.acme.email,
      accountKeySecret: 'letsencrypt-account',
      ingressClassName: config.edge.className,
    });
    new Certificate(this, 'certificate', {
      metadata: { name: 'edge' },
      secretName: TLS_SECRET,
      dnsNames: config.edge.hosts,
      issuer: 'letsencrypt',
    });
  }
}
