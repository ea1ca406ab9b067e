import { PkixdError } from '../errors.js';
import type { VerdictCode } from '../wire/verdict.js';
import { X509Error } from '../x509/x509-error.js';

/** Every code but those of a valid verdict. */
export type FailureCode = Exclude<VerdictCode, 'OK' | 'OK_SOFT'>;

/** Why a path, or a whole request, does not hold. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
}

/** A check that did not hold. Thrown by the checks, caught where the next path is tried. */
export class VerifyError extends PkixdError {
  declare readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(code, message);
  }
}

/** The request itself makes no sense: it gets no verdict. */
export class RequestError extends PkixdError {
  declare readonly code: 'BAD_ARGUMENT' | 'UNKNOWN_PROFILE';

  constructor(code: 'BAD_ARGUMENT' | 'UNKNOWN_PROFILE', message: string) {
    super(code, message);
  }
}

/** What a check or a parser threw about its input; anything else is a bug and is thrown on. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof VerifyError || thrown instanceof X509Error) {
    return { code: thrown.code, message: thrown.message };
  }
  throw thrown;
}
