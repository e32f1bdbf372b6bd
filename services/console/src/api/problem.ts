/** Error answers of the services (RFC 9457). */

interface FieldProblem {
  readonly location: readonly string[];
  readonly message: string;
}

/** An error in the words of the service that reports it. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    message: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly requestId?: string,
  ) {
    super(message);
  }
}

/** The problem of an answer, whatever its body is. */
export function problemOf(status: number, body: unknown): Problem {
  const { title, detail, errors, request_id } = isRecord(body) ? body : {};
  const message = [detail, title].find((text) => typeof text === 'string' && text !== '');
  return new Problem(
    status,
    typeof message === 'string' ? message : `HTTP ${status}`,
    Array.isArray(errors) ? errors.filter(isFieldProblem) : [],
    typeof request_id === 'string' ? request_id : undefined,
  );
}

/** The problem for a thrown error: an answer's problem, or a request without an answer. */
export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, error instanceof Error ? error.message : String(error));

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value.message === 'string' && Array.isArray(value.location) &&
    value.location.every((part) => typeof part === 'string');
}
