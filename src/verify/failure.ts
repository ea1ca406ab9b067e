import { PkixdError } from '../errors.js';
import type { VerdictCode } from '../wire/verdict.js';
import { X509Error } from '../x509/x509-error.js';

/** Every code but those of a valid verdict. */
export type FailureCode = Exclude<VerdictCode, 'OK' | 'OK_SOFT'>;

/** Why a path, or a whole request, does not hold. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** The source of the check's rule, if that is narrower than the code's. */
  readonly section?: string;
}

/** A check that did not hold. Thrown by the checks, caught where the next path is tried. */
export class VerifyError extends PkixdError {
  declare readonly code: FailureCode;
  /** As in `Failure`. */
  readonly section: string | undefined;

  constructor(code: FailureCode, message: string, section?: string) {
    // A verdict is not a bug: its stack trace is not needed, and gathering it would be most of the cost.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(code, message);
    Error.stackTraceLimit = limit;
    this.section = section;
  }
}

/** The request itself makes no sense: it gets no verdict. */
export class RequestError extends PkixdError {
  declare readonly code: 'BAD_ARGUMENT' | 'UNKNOWN_PROFILE';

  constructor(code: 'BAD_ARGUMENT' | 'UNKNOWN_PROFILE', message: string) {
    super(code, message);
  }
}

/** An error of a check or parser about its input; any other error is a bug and is thrown again. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof VerifyError && thrown.section !== undefined) {
    return { code: thrown.code, message: thrown.message, section: thrown.section };
  }
  if (thrown instanceof VerifyError || thrown instanceof X509Error) {
    return { code: thrown.code, message: thrown.message };
  }
  throw thrown;
}

/** A failure after which the next candidate is tried. The end of the budget is not one: BUDGET_EXCEEDED is thrown on. */
export function passableFailure(thrown: unknown): Failure {
  const failure = failureOf(thrown);
  if (failure.code === 'BUDGET_EXCEEDED') throw thrown;
  return failure;
}

/** The result of `read`; `undefined` if it throws about its input: a broken extension is reported by the validator. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    failureOf(error);
    return undefined;
  }
}
