import { resolve } from 'node:path';
import { messageOf, PkixdError } from '../errors.js';
import { parsePem } from '../x509/pem.js';
import { readInputFile } from './read-input.js';

/** What an input file holds of a request. */
export interface RequestParts {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly ocsp: readonly Uint8Array[];
}

/** A file that cannot be used; `code` says whether it could be read at all. */
export class InputError extends PkixdError {
  /** The message without the file's name. */
  readonly why: string;

  constructor(
    code: 'FILE_UNREADABLE' | 'BAD_PEM' | 'NO_CERTIFICATE' | 'NO_CRL' | 'NO_OCSP_RESPONSE',
    file: string,
    why: string,
  ) {
    super(code, `${file}: ${why}`);
    this.why = why;
  }
}

/**
 * PEM (CERTIFICATE, X509 CRL and OCSP RESPONSE blocks; others, a private key say, are passed over) or one DER
 * certificate.
 */
export function readCertificates(file: string, cwd: string): RequestParts {
  const content = readInput(file, cwd);
  const found = isPem(content)
    ? readBlocks(file, content)
    : { certificates: [derOf(file, content)], crls: [], ocsp: [] };
  if (found.certificates.length > 0) return found;
  throw new InputError('NO_CERTIFICATE', file, 'the file holds no CERTIFICATE block');
}

/** PEM or one DER CRL. */
export function readCrls(file: string, cwd: string): readonly Uint8Array[] {
  const content = readInput(file, cwd);
  const crls = isPem(content) ? readBlocks(file, content).crls : [derOf(file, content)];
  if (crls.length > 0) return crls;
  throw new InputError('NO_CRL', file, 'the file holds no X509 CRL block');
}

/** PEM or one DER OCSP response. */
export function readOcspResponses(file: string, cwd: string): readonly Uint8Array[] {
  const content = readInput(file, cwd);
  const responses = isPem(content) ? readBlocks(file, content).ocsp : [derOf(file, content)];
  if (responses.length > 0) return responses;
  throw new InputError('NO_OCSP_RESPONSE', file, 'the file holds no OCSP RESPONSE block');
}

function readInput(file: string, cwd: string): Buffer {
  try {
    return readInputFile(resolve(cwd, file));
  } catch (error) {
    throw new InputError('FILE_UNREADABLE', file, `cannot be read: ${messageOf(error)}`);
  }
}

function isPem(content: Buffer): boolean {
  return content.includes('-----BEGIN ');
}

function readBlocks(file: string, content: Buffer): RequestParts {
  try {
    const blocks = parsePem(content.toString('latin1'));
    const labelled = (label: string): Buffer[] => blocks.filter((b) => b.label === label).map((b) => b.der);
    return {
      certificates: labelled('CERTIFICATE'),
      crls: labelled('X509 CRL'),
      ocsp: labelled('OCSP RESPONSE'),
    };
  } catch (error) {
    throw new InputError('BAD_PEM', file, messageOf(error));
  }
}

const SEQUENCE = 0x30;

/** What begins as DER does goes to the engine, which knows what is wrong with it; anything else is no such file. */
function derOf(file: string, content: Buffer): Buffer {
  if (content[0] === SEQUENCE) return content;
  throw new InputError('NO_CERTIFICATE', file, 'the file is neither PEM (no BEGIN line) nor DER');
}
