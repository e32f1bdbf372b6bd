/**
 * The server for clients. It is Node's, because Deno's server has no time limit for a head and no limit of connections,
 * collects WebSocket messages before their size can be checked, takes the path of a request from its Host header, and
 * ends the process when a header of an answer has a character that it cannot write.
 */
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Connections } from './connections.ts';
import { STATUS_TEXT } from './status.ts';

/** Limit of Node's parser for request line and headers; the gateway refuses smaller excesses with a problem document. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Longer than the edge keeps idle connections (90 s), so that the edge never uses one that the gateway is closing. */
const KEEP_ALIVE_MS = 120_000;
/** How often the server looks for late heads. */
const LOOK_MS = 1_000;
const CLOSE_IDLE_MS = 50;

export interface ServerLimits {
  readonly headTimeoutSeconds: number;
  readonly maxConnections: number;
  /** Longest time that a client may leave a part of an answer unread. */
  readonly streamIdleSeconds: number;
}

export interface ListenOptions {
  readonly hostname: string;
  readonly port: number;
}

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  /** A client asks for a WebSocket; `first` are the bytes that it sent after the request. */
  webSocket(request: IncomingMessage, socket: Socket, first: Uint8Array): void;
  /** The server has answered an invalid request with this status. */
  refused(status: number): void;
}

export interface Server {
  readonly hostname: string;
  readonly port: number;
  /** Takes no new connection; resolves when the last one is closed. */
  shutdown(): Promise<void>;
}

/** The runtime knows these options; its types do not declare them yet. */
interface UpgradeOptions {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
}

export const isWebSocketRequest = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

export async function listen(
  { hostname, port }: ListenOptions,
  { headTimeoutSeconds, maxConnections, streamIdleSeconds }: ServerLimits,
  handlers: Handlers,
): Promise<Server> {
  const options: ServerOptions & UpgradeOptions = {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: headTimeoutSeconds * 1000,
    connectionsCheckingInterval: LOOK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // The routes limit the time of bodies.
    requestTimeout: 0,
    requireHostHeader: false,
    // The server ignores requests to upgrade to other protocols.
    shouldUpgradeCallback: isWebSocketRequest,
  };
  const server = createServer(options);
  server.maxConnections = maxConnections;
  const connections = new Connections(streamIdleSeconds * 1000);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    connections.begin(request.socket, response);
    handlers.request(request, response);
  };
  server.on('connection', (socket) => connections.add(socket));
  server.on('request', onRequest);
  // The gateway sends 100 Continue only when it wants the body.
  server.on('checkContinue', onRequest);
  server.on('upgrade', (request, socket: Socket, first) => {
    connections.remove(socket);
    handlers.webSocket(request, socket, first);
  });
  server.on('clientError', (error, socket) => refuse(error, socket as Socket, handlers));
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, hostname, listening.resolve);
  await listening.promise;
  const address = server.address() as AddressInfo;
  return { hostname: address.address, port: address.port, shutdown: () => shutdown(server, connections) };
}

async function shutdown(server: HttpServer, connections: Connections): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  connections.closeIdle();
  const timer = setInterval(() => connections.closeIdle(), CLOSE_IDLE_MS);
  await closed;
  clearInterval(timer);
  connections.close();
}

const CODES: Readonly<Record<string, 408 | 431>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Repeats nothing of the input. A client that has left, sent nothing or has an answer already gets no answer. */
function refuse(error: Error & { code?: string }, socket: Socket, { refused }: Handlers): void {
  if (!socket.writable || socket.bytesRead === 0 || socket.bytesWritten > 0) return void socket.destroy();
  const status = CODES[error.code ?? ''] ?? 400;
  refused(status);
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_TEXT[status], status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_TEXT[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
