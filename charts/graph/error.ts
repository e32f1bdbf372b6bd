/** A value the platform can't be built from. The message is one line: the field, the value, what was expected. */
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
