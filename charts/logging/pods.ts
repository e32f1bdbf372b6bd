/** The parts the pods of logging share: their Secrets, and the template they fill in memory. */
import type { k8s } from 'cdk8s-plus-28';
import { type SecretFile, secretVolume } from '../constructs/pod.ts';
import { certificateSecret, SECRETS, USERS_SECRET } from './names.ts';

export const secretsMount: k8s.VolumeMount = { name: 'secrets', mountPath: SECRETS, readOnly: true };

/** Passwords of users, as files of their names. */
export const passwordFiles = (...users: readonly string[]): readonly SecretFile[] =>
  users.map((name) => ({ secret: USERS_SECRET, key: name, path: name }));

/** A component's certificate, key and authority, as files. */
export const certificateFiles = (component: string): readonly SecretFile[] =>
  ['ca.crt', 'tls.crt', 'tls.key'].map((key) => ({ secret: certificateSecret(component), key, path: key }));

export const secretsVolume = (...files: readonly (readonly SecretFile[])[]): k8s.Volume =>
  secretVolume('secrets', files.flat());

/** A shell command with the functions of `secrets.sh`, which lies beside the configuration in `directory`. */
export const withSecrets = (directory: string, ...lines: readonly string[]): string[] => [
  'bash',
  '-euo',
  'pipefail',
  '-c',
  [`source ${directory}/secrets.sh`, 'umask 077', ...lines].join('\n'),
];
export const secretsEnvironment: k8s.EnvVar[] = [{ name: 'SECRETS_DIR', value: SECRETS }];
