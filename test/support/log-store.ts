/** A kubectl that leads `logs --search` to a server of a test. */
import { vi } from 'vitest';

export const LOG_STORE_KUBECTL = `case "$*" in
    version*) echo 'Client Version: v1.34.0' ;;
    *readyz*) echo ok ;;
    *port-forward*) echo "Forwarding from 127.0.0.1:$TEST_PORT -> 9200"; exec /bin/sleep 30 ;;
    *elasticsearch-tls*) echo "{\\"data\\": {\\"ca.crt\\": \\"$TEST_AUTHORITY\\"}}" ;;
    *logging-users*) echo "{\\"data\\": {\\"log_reader\\": \\"$TEST_PASSWORD\\"}}" ;;
    *'get pods'*assistants-logging*) echo '{"kind": "List", "items": [{
      "metadata": {"name": "elasticsearch-0", "namespace": "assistants-logging", "labels": {
        "app.kubernetes.io/name": "elasticsearch"}},
      "spec": {"containers": [{"name": "elasticsearch"}]}, "status": {"phase": "Running"}}]}' ;;
    *) echo '{"kind": "List", "items": []}' ;;
    esac`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export interface LogStore {
  readonly port: number;
  /** PEM. */
  readonly authority: string;
  /** Of `log_reader`. */
  readonly password: string;
}

/** Tells that kubectl where the server is; `vi.unstubAllEnvs` takes it back. */
export function leadTo({ port, authority, password }: LogStore): void {
  vi.stubEnv('TEST_PORT', String(port));
  vi.stubEnv('TEST_AUTHORITY', base64(authority));
  vi.stubEnv('TEST_PASSWORD', base64(password));
}
