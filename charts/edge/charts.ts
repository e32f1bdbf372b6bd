/** Charts of the edge: the controller in its own namespace, and the routes beside the services. */
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { accessTo } from './access.ts';
import { addCertificate } from './certificate.ts';
import { addHttpRoutes } from './http-route.ts';
import { addIngress } from './ingress.ts';
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
    if (config.edge.controller === 'gateway') addHttpRoutes(this, config, topology);
    else for (const access of topology.services.flatMap(accessTo)) addIngress(this, config, topology, access);
    addCertificate(this, config);
  }
}
