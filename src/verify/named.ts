import type { Certificate } from '../x509/certificate.js';

/** How messages call a certificate: by its subject (RFC 4514). */
export function named({ subject, serialText }: Pick<Certificate, 'subject' | 'serialText'>): string {
  return subject.text === '' ? `the certificate without a subject (serial ${serialText})` : subject.text;
}
