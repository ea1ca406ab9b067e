/**
 * The base of every error that pkixd raises on purpose. `code` is stable and meant for programs; `message` is
 * for people and may change. Errors are translated to a protocol's own form only at the edge.
 */
export class PkixdError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The text of a caught value, for a log line or a message to a person. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a system error (`ENOENT`, …) or of a `PkixdError`; `undefined` for a value without a code. */
export function codeOf(thrown: unknown): unknown {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
}
