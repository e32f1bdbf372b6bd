/** Certificates of logging, as TLS really uses them. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import {
  certificatesToIssue,
  type IssuedCertificate,
  planSecrets,
  secretId,
} from '../../ops/core/secrets.ts';
import { CERTIFICATE_DAYS, issueCertificates } from '../../ops/tools/certificates.ts';
import { configOf } from '../support/objects.ts';

const config = configOf('dev', [{ logging: { enabled: true } }]);
const catalog = secretCatalog(config, topologyOf(config));
const certified = catalog.filter(({ certificate }) => certificate);
const everything = new Map(catalog.map((entry) => [secretId(entry), entry.keys.map(({ key }) => key)]));
const NAMES = ['elasticsearch-tls', 'logstash-tls', 'kibana-tls', 'filebeat-tls'];

function of(issued: ReadonlyMap<string, IssuedCertificate>, name: string): IssuedCertificate {
  const entry = certified.find((candidate) => candidate.name === name);
  const found = entry && issued.get(secretId(entry));
  if (!found) throw new Error(`no certificate ${name}`);
  return found;
}

describe('which certificates are made', () => {
  it('all where none is, none where all are', () => {
    expect(certificatesToIssue(catalog, new Map()).map(({ name }) => name)).toEqual(NAMES);
    expect(certificatesToIssue(catalog, everything)).toEqual([]);
  });
  it('all together when one lacks a key: the authority is a new one', () => {
    const partly = new Map(everything).set('assistants-node-agents/filebeat-tls', ['ca.crt']);
    expect(certificatesToIssue(catalog, partly).map(({ name }) => name)).toEqual(NAMES);
  });
  it('none without logging, and none where an issuer of the cluster makes them', () => {
    for (const logging of [{ enabled: false }, { enabled: true, issuer: 'internal' }]) {
      const other = configOf('dev', [{ logging }]);
      expect(certificatesToIssue(secretCatalog(other, topologyOf(other)), new Map())).toEqual([]);
    }
  });
  it('renewed ones replace what exists, and touch no other Secret', async () => {
    const partly = new Map(everything).set('assistants-logging/kibana-tls', []);
    const certificates = await issueCertificates(certificatesToIssue(catalog, partly));
    const sources = { random: () => 'r', privateKey: () => 'k', provided: () => undefined, certificates };
    const { create, extend } = planSecrets(catalog, partly, sources);
    expect(create).toEqual([]);
    expect(extend.map(({ entry, data }) => [entry.name, Object.keys(data)])).toEqual(
      NAMES.map((name) => [name, ['ca.crt', 'tls.crt', 'tls.key']]),
    );
  });
});

describe('what they are', async () => {
  const now = new Date('2026-11-25T12:00:00Z');
  const issued = await issueCertificates(certified, now);
  it('of one authority, for the names of their component, for servers and clients', () => {
    expect(new Set([...issued.values()].map(({ authority }) => authority)).size).toBe(1);
    const { authority, certificate, key } = of(issued, 'elasticsearch-tls');
    const own = new X509Certificate(certificate);
    expect(new X509Certificate(authority).ca).toBe(true);
    expect(own.ca).toBe(false);
    expect(own.checkIssued(new X509Certificate(authority))).toBe(true);
    for (const name of ['elasticsearch', 'elasticsearch.assistants-logging.svc', 'localhost'])
      expect(own.checkHost(name)).toBe(name);
    expect(own.checkHost('kibana')).toBeUndefined();
    expect(own.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect((Date.parse(own.validTo) - now.getTime()) / 86_400_000).toBe(CERTIFICATE_DAYS);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  async function handshake(client: IssuedCertificate | undefined): Promise<string> {
    const fresh = await issueCertificates(certified);
    const server = of(fresh, 'logstash-tls');
    const trusted = client ? of(fresh, 'filebeat-tls') : undefined;
    const listener = createServer(
      { cert: server.certificate, key: server.key, ca: server.authority, requestCert: true },
      (socket) => socket.end('welcome'),
    ).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    try {
      const socket = connect({
        port,
        host: '127.0.0.1',
        servername: 'logstash',
        ca: server.authority,
        ...(trusted ? { cert: trusted.certificate, key: trusted.key } : {}),
      });
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await once(socket, 'close');
      return text;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      listener.close();
    }
  }
  it('good for a handshake in which both sides show one, and refused without', async () => {
    expect(await handshake(of(issued, 'filebeat-tls'))).toBe('welcome');
    expect(await handshake(undefined)).not.toBe('welcome');
  });
});
