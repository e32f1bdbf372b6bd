/** How access tokens are signed. */
import type { Config } from './schema.ts';

/** Whether user-management signs with a private key that no other service has. */
export const signsWithOwnKey = ({ settings }: Config): boolean => settings.jwtAlgorithm !== 'HS256';
