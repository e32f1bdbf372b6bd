/**
 * An invalid value of the configuration or the topology. The one-line message has the field, the value and what was
 * expected.
 */
export class ConfigError extends Error {
  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly expected: string,
  ) {
    super(`${field}: ${JSON.stringify(value) ?? 'undefined'} is not valid, expected ${expected}`);
    this.name = 'ConfigError';
  }
}
