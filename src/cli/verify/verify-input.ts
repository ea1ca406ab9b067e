import { resolve } from 'node:path';
import { messageOf, PkixdError } from '../../errors.js';
import { ContentError, type ContentErrorCode } from '../../x509/content-error.js';
import { leafFirst } from '../../x509/leaf-first.js';
import { type ObjectKind, type PkiObjects, readPkiObjects } from '../../x509/pki-objects.js';
import { note, printable, type Context } from '../context.js';
import { readInputFile, STANDARD_INPUT } from '../read-input.js';

/** The contents of an input file. */
export interface RequestParts {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly ocsp: readonly Uint8Array[];
}

/** An unusable file; `code` says whether it could be read. */
export class InputError extends PkixdError {
  /** The message without the file's name. */
  readonly why: string;

  constructor(
    code: 'FILE_UNREADABLE' | 'NO_CERTIFICATE' | 'NO_CRL' | 'NO_OCSP_RESPONSE' | ContentErrorCode,
    file: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(code, `${shownName(file)}: ${why}`, options);
    this.why = why;
  }
}

/** Standard input is read by its path, but shown as `-`. */
export function shownName(file: string): string {
  return file === STANDARD_INPUT ? '-' : file;
}

type Place = Pick<Context, 'cwd' | 'err'>;

/** The certificates of a file, the one in question first, and its CRLs and OCSP responses. Throws `InputError`. */
export function readCertificates(file: string, place: Place): RequestParts {
  const objects = readObjects(file, place, 'certificate');
  return { ...objects, certificates: attempt(file, 'certificate', () => leafFirst(objects)) };
}

/** The certificates of a file as trust anchors. Throws `InputError`. */
export function readAnchorCertificates(file: string, place: Place): readonly Uint8Array[] {
  const { certificates, distrusted } = readObjects(file, place, 'certificate');
  if (distrusted.length === 0) return certificates;
  throw new InputError(
    'NO_CERTIFICATE',
    file,
    'the trust settings behind a TRUSTED CERTIFICATE say that it is not to be trusted: it cannot be an anchor',
  );
}

/** Throws `InputError`. */
export function readCrls(file: string, place: Place): readonly Uint8Array[] {
  return readObjects(file, place, 'crl').crls;
}

/** Throws `InputError`. */
export function readOcspResponses(file: string, place: Place): readonly Uint8Array[] {
  return readObjects(file, place, 'ocsp').ocsp;
}

const ABSENT = {
  certificate: ['NO_CERTIFICATE', 'CERTIFICATE'],
  crl: ['NO_CRL', 'X509 CRL'],
  ocsp: ['NO_OCSP_RESPONSE', 'OCSP RESPONSE'],
} as const;

/** PEM, DER or a CMS message, as `readPkiObjects` decides; ignored content is reported. */
function readObjects(file: string, place: Place, wanted: ObjectKind): PkiObjects {
  const content = readInput(file, place.cwd);
  const objects = attempt(file, wanted, () => readPkiObjects(content, wanted));
  for (const remark of new Set(objects.remarks)) note(place, printable(`${shownName(file)}: ${remark}`));
  const found = { certificate: objects.certificates, crl: objects.crls, ocsp: objects.ocsp }[wanted];
  if (found.length > 0) return objects;
  const [code, what] = ABSENT[wanted];
  throw new InputError(code, file, `the file holds no ${what} block`);
}

function readInput(file: string, cwd: string): Buffer {
  try {
    return readInputFile(resolve(cwd, file));
  } catch (error) {
    throw new InputError('FILE_UNREADABLE', file, `cannot be read: ${messageOf(error)}`);
  }
}

function attempt<T>(file: string, wanted: ObjectKind, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    const code = error.code === 'WRONG_CONTENT' ? ABSENT[wanted][0] : error.code;
    throw new InputError(code, file, error.message, { cause: error });
  }
}
