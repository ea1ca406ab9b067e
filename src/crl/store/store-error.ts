import { PkixdError } from '../../errors.js';

/**
 * STORE_DAMAGED: the environment is not what was written; STORE_ODD: one record of it is, and is not one that this
 * program could have meant; STORE_FAILED: the environment could not be read or written.
 */
type StoreErrorCode = 'STORE_DAMAGED' | 'STORE_ODD' | 'STORE_FAILED';

export class StoreError extends PkixdError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
