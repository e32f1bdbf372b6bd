/** Key pairs and the key set that user-management would publish. */
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';
import { claimsOf, type Service, startService } from './support.ts';

export type Asymmetric = 'RS256' | 'ES256';

export interface SigningKey {
  readonly jwk: JWK;
  /** The public key as PEM. */
  readonly pem: string;
  token(changes?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function newKey(algorithm: Asymmetric, kid?: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...await exportJWK(publicKey), alg: algorithm, use: 'sig', ...(kid ? { kid } : {}) };
  return {
    jwk,
    pem: await exportSPKI(publicKey),
    token: (changes = {}, header = {}) =>
      new SignJWT(claimsOf(changes)).setProtectedHeader({ alg: algorithm, kid, ...header }).sign(privateKey),
  };
}

export interface KeyServer extends Service {
  keys: unknown[];
  /** Number of requests. */
  asked: number;
  isBroken: boolean;
}

export function startKeyServer(...keys: SigningKey[]): KeyServer {
  const state = { keys: keys.map(({ jwk }) => jwk) as unknown[], asked: 0, isBroken: false };
  const service = startService(() => {
    state.asked++;
    return state.isBroken ? new Response('no', { status: 500 }) : Response.json({ keys: state.keys });
  });
  return Object.assign(state, { ...service, url: `${service.url}/.well-known/jwks.json` });
}
