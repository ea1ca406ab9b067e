import { contextConstructed, DerReader, TAG } from './der.js';
import { formatName, readName } from './name.js';
import { X509Error } from './x509-error.js';

/** The subject of a certificate that cannot be parsed, for messages, where at least that can be read. */
export function subjectOfBroken(der: Uint8Array): string | undefined {
  try {
    const r = new DerReader(der);
    r.enter(TAG.sequence, 'certificate');
    r.enter(TAG.sequence, 'tbsCertificate');
    if (r.peek() === contextConstructed(0)) r.next('version');
    for (const field of ['serialNumber', 'signature', 'issuer', 'validity']) r.next(field);
    return formatName(readName(r, 'subject'));
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    return undefined;
  }
}
