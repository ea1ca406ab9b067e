import { ContentError } from '../../x509/content-error.js';
import { isWholeSequence } from '../../x509/der-kind.js';
import { readPkiObjects } from '../../x509/pki-objects.js';
import { FetchError } from './fetch-error.js';

/**
 * The certificates, DER, of what a caIssuers URL gave: one certificate, or a certs-only CMS message (RFC 5280
 * §4.2.2.1), as DER or PEM. They are not parsed. Throws FetchError.
 */
export function certificatesOf(body: Buffer): readonly Uint8Array[] {
  try {
    const { certificates } = readPkiObjects(body, 'certificate');
    if (certificates.length === 0) throw new FetchError('content', 'it does not hold a certificate');
    if (!certificates.every(isWholeSequence)) {
      throw new FetchError('content', 'the certificate is cut off, or something follows it');
    }
    return certificates;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new FetchError('content', error.message, { cause: error });
  }
}
