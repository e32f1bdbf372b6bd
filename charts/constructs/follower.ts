/** A sidecar that tells a server of changed Secrets: the server itself reads them only at start. */
import type { k8s } from 'cdk8s-plus-28';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import type { ImageName } from '../config/versions.ts';
import { resources, SMALL } from './pod.ts';
import { exec } from './probes.ts';

export const FOLLOWER = 'follow-secrets';

export interface FollowerProps {
  readonly config: Config;
  /** The server's image, which also has its client. */
  readonly image: ImageName;
  readonly command: string[];
  /** File the command touches in every round, in a folder shared with the server. */
  readonly heartbeat: string;
  /** @default none */
  readonly env?: k8s.EnvVar[];
  readonly volumeMounts: k8s.VolumeMount[];
}

export const follower = ({ config, image, heartbeat, env = [], ...rest }: FollowerProps): k8s.Container => ({
  name: FOLLOWER,
  image: thirdPartyImage(config, image),
  resources: resources(config, SMALL.cpu, SMALL.memory),
  env: [...env, { name: 'HEARTBEAT', value: heartbeat }],
  // Succeeds for good after the first round: a sidecar that fails must not take its server out of the
  // Service.
  readinessProbe: exec(['sh', '-c', `[ -e ${heartbeat} ]`], { periodSeconds: 5 }),
  livenessProbe: exec(['sh', '-c', `recent=$(find ${heartbeat} -mmin -2)\n[ -n "$recent" ]`], {
    periodSeconds: 30,
  }),
  ...rest,
});
