import type { Certificate } from '../x509/certificate.js';

/** How messages call a certificate: by its subject (RFC 4514). */
export function named(certificate: Pick<Certificate, 'subject' | 'serialText'>): string {
  const { text } = certificate.subject;
  return text === '' ? `the certificate without a subject (serial ${certificate.serialText})` : text;
}
