import { PkixdError } from '../errors.js';

/** The errors of a request that are found before it is verified. */
export type RequestErrorCode =
  | 'LINE_TOO_LONG'
  | 'REQUEST_TOO_LARGE'
  | 'TOO_MANY_CERTIFICATES'
  | 'TOO_MANY_CRLS'
  | 'PIPELINE_LIMIT'
  | 'INCOMPLETE'
  | 'DEADLINE'
  | 'BAD_BODY'
  | 'BAD_PEM'
  | 'UNEXPECTED_PEM'
  | 'NO_CERTIFICATE'
  | 'BAD_ARGUMENT'
  | 'UNKNOWN_COMMAND'
  | 'NOT_PERMITTED';

export class RequestError extends PkixdError {
  constructor(code: RequestErrorCode, message: string) {
    super(code, message);
  }
}

export function notPermitted(what: string, permission: string): RequestError {
  return new RequestError(
    'NOT_PERMITTED',
    `this listener does not permit ${what}; its "permits" in the configuration must name ${permission}`,
  );
}
