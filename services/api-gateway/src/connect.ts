/** Opens connections within a time limit. */

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** The address could not be reached: nothing was sent. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

export async function connectWithin(
  milliseconds: number,
  { host, port, isSecure }: Address,
): Promise<Deno.Conn> {
  const giveUp = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    giveUp.abort();
    reject(new ConnectError(`no connection within ${milliseconds} ms`));
  }, milliseconds);
  const connecting: Promise<Deno.Conn> = isSecure
    ? Deno.connectTls({ hostname: host, port, alpnProtocols: ['http/1.1'] })
    : Deno.connect({ hostname: host, port, signal: giveUp.signal });
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
