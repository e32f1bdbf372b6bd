/** A container beside a server that tells it of changed Secrets: the server itself reads them at its start only. */
import type { k8s } from 'cdk8s-plus-28';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import type { ImageName } from '../config/versions.ts';
import { containerSecurity, resources, SMALL } from './pod.ts';

export const FOLLOWER = 'follow-secrets';

export interface FollowerProps {
  readonly config: Config;
  /** The server's own, which has its client. */
  readonly image: ImageName;
  readonly command: string[];
  /** File the command touches in every round, in a folder it shares with the server. */
  readonly heartbeat: string;
  /** @default none */
  readonly env?: k8s.EnvVar[];
  readonly volumeMounts: k8s.VolumeMount[];
}

const exec = (script: string): k8s.Probe => ({
  exec: { command: ['sh', '-c', script] },
  periodSeconds: 30,
  timeoutSeconds: 5,
});

export const follower = ({ config, image, heartbeat, env = [], ...rest }: FollowerProps): k8s.Container => ({
  name: FOLLOWER,
  image: thirdPartyImage(config, image),
  imagePullPolicy: 'IfNotPresent',
  resources: resources(config, SMALL.cpu, SMALL.memory),
  securityContext: containerSecurity,
  env: [...env, { name: 'HEARTBEAT', value: heartbeat }],
  // Ready for good once it has begun: one that fails later must not take its server out of the Service.
  readinessProbe: { ...exec(`[ -e ${heartbeat} ]`), periodSeconds: 5 },
  livenessProbe: exec(`recent=$(find ${heartbeat} -mmin -2)\n[ -n "$recent" ]`),
  ...rest,
});
