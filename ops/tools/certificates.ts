/** Certificates of an authority that lives for one call: its key signs them and is discarded. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { type IssuedCertificate, type IssuedCertificates, secretId } from '../core/secrets.ts';

const { subtle } = webcrypto;
/** P-256, which every TLS server and client supports. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const USAGES: ('sign' | 'verify')[] = ['sign', 'verify'];
/** Validity of a certificate, in days. */
export const CERTIFICATE_DAYS = 1095;
const DAY_MS = 86_400_000;
/** Pods' clocks may be slightly behind. */
const CLOCK_SKEW_MS = 300_000;

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

const validity = (now: Date) => ({
  notBefore: new Date(now.getTime() - CLOCK_SKEW_MS),
  notAfter: new Date(now.getTime() + CERTIFICATE_DAYS * DAY_MS),
});

async function newAuthority(name: string, now: Date): Promise<Authority> {
  const keys = await subtle.generateKey(ALGORITHM, true, USAGES);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}, O=AI assistants`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(now),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** For servers and clients: Filebeat authenticates to Logstash with its own certificate. */
async function issue(
  authority: Authority,
  name: string,
  dnsNames: readonly string[],
  now: Date,
): Promise<IssuedCertificate> {
  const keys = await subtle.generateKey(ALGORITHM, true, USAGES);
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}, O=AI assistants`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(now),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  });
  const pkcs8 = await subtle.exportKey('pkcs8', keys.privateKey);
  return {
    authority: authority.certificate.toString('pem'),
    certificate: certificate.toString('pem'),
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}

/** Issues certificates for these Secrets; each authority has a new key. */
export async function issueCertificates(
  entries: readonly SecretEntry[],
  now = new Date(),
): Promise<IssuedCertificates> {
  cryptoProvider.set(webcrypto);
  const authorities = new Map<string, Authority>();
  const issued = new Map<string, IssuedCertificate>();
  for (const entry of entries) {
    if (!entry.certificate) continue;
    const { authority: name, dnsNames } = entry.certificate;
    const authority = authorities.get(name) ?? (await newAuthority(name, now));
    authorities.set(name, authority);
    issued.set(secretId(entry), await issue(authority, dnsNames[0] ?? entry.name, dnsNames, now));
  }
  return issued;
}
