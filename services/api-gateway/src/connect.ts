/** Opens connections within a time limit. */

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** File with the authority of its certificate; read for each connection. @default those of the system */
  readonly caFile?: string;
  /** What is spoken there, by its name in TLS. @default http/1.1 */
  readonly protocols?: string[];
}

/** The address could not be reached: nothing was sent. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

export async function connectWithin(
  milliseconds: number,
  address: Address,
): Promise<Deno.Conn> {
  const { host: hostname, port } = address;
  const giveUp = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    giveUp.abort();
    reject(new ConnectError(`no connection within ${milliseconds} ms`));
  }, milliseconds);
  const connecting: Promise<Deno.Conn> = address.isSecure
    ? connectSecurely(address)
    : Deno.connect({ hostname, port, signal: giveUp.signal });
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    // A connection that opens too late is closed at once; the error below already tells the cause.
    connecting.then((connection) => connection.close(), () => undefined);
    throw error instanceof ConnectError ? error : new ConnectError('no connection', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Connects and looks at the certificate: Deno by itself would do that with the first byte. */
async function connectSecurely(
  { host: hostname, port, caFile, protocols: alpnProtocols = ['http/1.1'] }: Address,
): Promise<Deno.TlsConn> {
  const caCerts = caFile ? [await Deno.readTextFile(caFile)] : [];
  const connection = await Deno.connectTls({ hostname, port, caCerts, alpnProtocols });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
