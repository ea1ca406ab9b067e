import { PkixdError } from '../errors.js';

/**
 * Why bytes that should hold certificates, CRLs or OCSP responses were refused:
 * - BAD_PEM, BAD_BASE64: a block is broken (RFC 7468);
 * - UNEXPECTED_PEM: a block has a label that is not understood here;
 * - UNEXPECTED_TEXT: text around the blocks may itself be what is to be read;
 * - WRONG_CONTENT: the bytes are something else, which the message names.
 */
export type ContentErrorCode =
  'BAD_PEM' | 'BAD_BASE64' | 'UNEXPECTED_PEM' | 'UNEXPECTED_TEXT' | 'WRONG_CONTENT';

/** Bytes, in a file or a request, that cannot be read; nothing of them is used. */
export class ContentError extends PkixdError {
  declare readonly code: ContentErrorCode;

  // oxlint-disable-next-line no-useless-constructor -- it narrows the type of `code`
  constructor(code: ContentErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
