import { PkixdError } from '../../errors.js';

/** STORE_DAMAGED: the environment is not what was written; STORE_FAILED: it could not be read or written. */
export class StoreError extends PkixdError {
  declare readonly code: 'STORE_DAMAGED' | 'STORE_FAILED';

  constructor(code: 'STORE_DAMAGED' | 'STORE_FAILED', message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
