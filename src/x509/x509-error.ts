import { PkixdError } from '../errors.js';

/** Why bytes were refused; every word is also a verdict code. */
export type X509ErrorCode =
  | 'MALFORMED'
  | 'DUPLICATE_EXTENSION'
  | 'ALGORITHM_MISMATCH'
  | 'BAD_KEY'
  | 'UNSUPPORTED_ALGORITHM'
  /** The request may not cost what it would take to read it: see work.ts. */
  | 'BUDGET_EXCEEDED';

/** The only error that this folder throws on account of its input; the message names the field. */
export class X509Error extends PkixdError {
  declare readonly code: X509ErrorCode;

  // oxlint-disable-next-line no-useless-constructor -- it narrows the type of `code`
  constructor(code: X509ErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export function malformed(message: string): X509Error {
  return new X509Error('MALFORMED', message);
}
