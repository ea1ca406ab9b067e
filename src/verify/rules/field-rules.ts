import type { Certificate } from '../../x509/certificate.js';
import { contextConstructed, DerReader, TAG } from '../../x509/der.js';
import { OID } from '../../x509/oid.js';
import { isAuthority, isCritical, type Placed } from './placed.js';

/** The basic fields of a certificate, RFC 5280 §4.1. Each rule says what breaks it, in a few words. */

/** §4.1.2.2: "The serial number MUST be a positive integer", of at most 20 octets. */
export function serialNumber({ certificate: { serial } }: Placed): string | undefined {
  if (serial.length > 20) return `its serial number has ${serial.length} octets`;
  if (((serial[0] ?? 0) & 0x80) !== 0) return 'its serial number is negative';
  return serial.every((octet) => octet === 0) ? 'its serial number is zero' : undefined;
}

/** §4.1.2.4: "The issuer field MUST contain a non-empty distinguished name (DN)." */
export function issuerName({ certificate }: Placed): string | undefined {
  return certificate.issuer.empty ? 'its issuer has no name' : undefined;
}

/** §4.1.2.5: dates through 2049 as UTCTime, later ones as GeneralizedTime. */
export function validityEncoding({ certificate }: Placed): string | undefined {
  const [notBefore, notAfter] = timeTags(certificate);
  const isRight = notBefore === tagOf(certificate.notBefore) && notAfter === tagOf(certificate.notAfter);
  return isRight ? undefined : 'a date through 2049 is no UTCTime';
}

const YEAR_2050 = Date.UTC(2050, 0, 1);

function tagOf(time: number): number {
  return time < YEAR_2050 ? TAG.utcTime : TAG.generalizedTime;
}

/** For two dates that were read before. */
function timeTags({ tbs }: Certificate): readonly [notBefore: number, notAfter: number] {
  const r = new DerReader(tbs);
  r.enter(TAG.sequence, 'tbsCertificate');
  if (r.peek() === contextConstructed(0)) r.next('version');
  for (const field of ['serialNumber', 'signature', 'issuer']) r.next(field);
  r.enter(TAG.sequence, 'validity');
  r.next('notBefore');
  return [r.tag, r.peek()];
}

/** §4.1.2.6: "If the subject is a CA […], then the subject field MUST be populated with a non-empty" name. */
export function authorityName(placed: Placed): string | undefined {
  return isAuthority(placed) && placed.certificate.subject.empty ? 'it is a CA without a name' : undefined;
}

/** §4.1.2.6, §4.2.1.6: without a subject the names stand in a critical subjectAltName. */
export function emptySubject({ certificate }: Placed): string | undefined {
  if (!certificate.subject.empty || isCritical(certificate, OID.subjectAltName) === true) return undefined;
  return 'it has neither a subject nor a critical subjectAltName';
}

/** §4.1.2.8: "CAs conforming to this profile MUST NOT generate certificates with unique identifiers." */
export function uniqueIdentifiers({ certificate }: Placed): string | undefined {
  return certificate.hasUniqueIds ? 'it has a unique identifier' : undefined;
}
