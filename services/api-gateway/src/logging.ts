/** Logs as one JSON object a line on standard output. */
import type { LogLevel } from './settings.ts';

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warning: 2, error: 3, critical: 4 };

export type Fields = Readonly<Record<string, unknown>>;

export class Logger {
  constructor(
    private readonly service: string,
    private readonly version: string,
    private readonly threshold: LogLevel,
    private readonly write: (line: string) => void = console.log,
  ) {}

  log(level: LogLevel, logger: string, message: string, fields: Fields = {}): void {
    if (ORDER[level] < ORDER[this.threshold]) return;
    const { service, version } = this;
    const timestamp = new Date().toISOString();
    this.write(JSON.stringify({ timestamp, level, logger, message, service, version, ...fields }));
  }

  debug(message: string, fields?: Fields): void {
    this.log('debug', 'gateway', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.log('info', 'gateway', message, fields);
  }

  warning(message: string, fields?: Fields): void {
    this.log('warning', 'gateway', message, fields);
  }

  error(message: string, error: unknown, fields?: Fields): void {
    this.log('error', 'gateway', message, { ...fields, error: describe(error), exception: stackOf(error) });
  }
}

/** An error and its causes in one line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause
    ? `${error.name}: ${error.message}: ${describe(error.cause)}`
    : `${error.name}: ${error.message}`;
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
