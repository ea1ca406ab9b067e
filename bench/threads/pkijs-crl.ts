import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Certificate, CertificateRevocationList } from 'pkijs';

/** What PKI.js does with a CRL: `pkijs-crl.js CRL ROOT LEAF`, the certificates in PEM. */
const [crlFile = '', rootFile = '', leafFile = ''] = process.argv.slice(2);
const certificate = (file: string): Certificate =>
  Certificate.fromBER(new X509Certificate(readFileSync(file)).raw);

const crl = CertificateRevocationList.fromBER(readFileSync(crlFile));
if (!(await crl.verify({ issuerCertificate: certificate(rootFile) })))
  throw new Error('PKI.js does not accept the signature');
if (crl.isCertificateRevoked(certificate(leafFile))) throw new Error('PKI.js finds what is not listed');
