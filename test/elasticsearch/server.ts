/** Elasticsearch's own server in a pod of ours, the job that sets it up, and people who ask it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer as createHttpsServer, type RequestOptions, request } from 'node:https';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import type { IssuedCertificate } from '../../ops/core/secrets.ts';
import { until } from '../../ops/tools/wait.ts';
import { elasticsearchCertificate } from '../support/certificates.ts';
import { configOf } from '../support/objects.ts';
import { type Passwords, Pod } from './pod.ts';

const config = configOf('production');
const START = { seconds: 180, pauseMs: 200 };

const portOf = (server: NetServer): number => (server.address() as AddressInfo).port;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

export const issueCertificate = (): Promise<IssuedCertificate> => elasticsearchCertificate(config);

export type Body = Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Takes what the set-up sends to Kibana, of which no program is here. */
async function kibana({ certificate, key }: IssuedCertificate) {
  const server = createHttpsServer({ cert: certificate, key }, (request, response) => {
    request.resume().on('end', () => response.end('{"success":true}'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export class Server {
  readonly #pod: Pod;
  #process: ChildProcess | undefined;
  #said = '';

  private constructor(
    readonly issued: IssuedCertificate,
    readonly port: number,
    readiness: number,
  ) {
    this.#pod = new Pod(issued, { https: port, readiness });
  }

  /** A server that runs, over an empty volume. */
  static async start(passwords: Passwords): Promise<Server> {
    const server = new Server(await issueCertificate(), await freePort(), await freePort());
    try {
      server.mount(passwords);
      await server.#start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** Puts passwords where the Secret of the users is mounted. */
  mount(passwords: Partial<Passwords>): void {
    this.#pod.mount(passwords);
  }

  /** The pod ends and comes back over its volume, with the Secrets as they are now. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async remove(): Promise<void> {
    await this.#stop();
    rmSync(this.#pod.folder, { recursive: true, force: true });
  }

  /**
   * @param login user and password, by colon. @default none
   * @param body one object, or one a line for `_bulk`
   */
  async ask(login: string | undefined, method: string, path: string, body?: Body): Promise<Answer> {
    const lines = body === undefined ? [] : Array.isArray(body) ? body : [body];
    const payload = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const type = Array.isArray(body) ? 'application/x-ndjson' : 'application/json';
    const headers = payload ? { 'content-type': type } : {};
    return this.call({ method, path, headers, ...(login === undefined ? {} : { auth: login }) }, payload);
  }

  /** A request with options of TLS that the caller chooses. */
  async call(options: RequestOptions, payload = ''): Promise<Answer> {
    const outgoing = request({
      host: '127.0.0.1',
      port: this.port,
      servername: 'localhost',
      ca: this.issued.authority,
      timeout: 30_000,
      agent: false,
      ...options,
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.end(payload);
    const [answer]: IncomingMessage[] = await once(outgoing, 'response');
    if (!answer) throw new Error('no answer');
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += chunk;
    return { status: answer.statusCode ?? 0, text };
  }

  /** The script of the job as it is, with the files of its ConfigMap. */
  async setUp(waitSeconds = 60): Promise<{ readonly status: unknown; readonly output: string }> {
    const other = await kibana(this.issued);
    const script = spawn('bash', [this.#pod.path('setup/setup.sh')], {
      env: {
        PATH: process.env.PATH ?? '',
        SETUP_DIR: this.#pod.path('setup'),
        SECRETS_DIR: this.#pod.path('secrets'),
        WORK_DIR: this.#pod.path('run'),
        CA_FILE: this.#pod.path('secrets/ca.crt'),
        ELASTICSEARCH_URL: `https://localhost:${this.port}`,
        KIBANA_URL: `https://localhost:${portOf(other)}`,
        WAIT_SECONDS: String(waitSeconds),
      },
    });
    let output = '';
    for (const stream of [script.stdout, script.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const [status]: unknown[] = await once(script, 'close');
    other.close();
    return { status, output };
  }

  async #start(): Promise<void> {
    this.#pod.prepare();
    const options = readFileSync(this.#pod.path('home/config/jvm.options.d/platform.options'), 'utf8');
    const args = [...options.trim().split('\n'), ...this.#pod.java, 'Server', this.#pod.path('home')];
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString();
      });
    await until(START, async (late) => {
      if (this.#pod.ready()) return true;
      if (child.exitCode !== null || late()) throw new Error(`Elasticsearch did not start: ${this.#said}`);
      return undefined;
    });
  }

  async #stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'close');
  }
}
