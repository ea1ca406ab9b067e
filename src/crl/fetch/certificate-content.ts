import { DerReader, TAG, contextConstructed } from '../../x509/der.js';
import { OID } from '../../x509/oid.js';
import { parsePem, PemError } from '../../x509/pem.js';
import { X509Error } from '../../x509/x509-error.js';
import { FetchError } from './fetch-error.js';

const DER_SEQUENCE = 0x30;

/**
 * The certificates, DER, of what a caIssuers URL gave: one certificate, or a certs-only CMS message (RFC 5280
 * §4.2.2.1), as DER or PEM. They are not parsed. Throws FetchError.
 */
export function certificatesOf(body: Buffer): readonly Uint8Array[] {
  try {
    const certificates = body[0] === DER_SEQUENCE ? ofDer(body) : ofPem(body);
    if (certificates.length === 0) throw new FetchError('content', 'it holds no certificate');
    return certificates;
  } catch (cause) {
    if (!(cause instanceof X509Error) && !(cause instanceof PemError)) throw cause;
    throw new FetchError('content', `it holds no certificate: ${cause.message}`, { cause });
  }
}

function ofPem(body: Buffer): Uint8Array[] {
  return parsePem(body.toString('latin1')).flatMap(({ label, der }) => {
    return label === 'CERTIFICATE' || label === 'PKCS7' || label === 'CMS' ? ofDer(der) : [];
  });
}

function ofDer(der: Buffer): Uint8Array[] {
  const r = new DerReader(der);
  const outer = r.enter(TAG.sequence, 'the answer');
  // A certificate begins with a SEQUENCE, a CMS ContentInfo with its type.
  if (r.peek() !== TAG.oid) {
    r.pos = r.end;
    r.leave(outer, 'the answer');
    r.finish('the answer');
    return [der];
  }
  if (r.oid('contentType') !== OID.signedData) throw new FetchError('content', 'it is no certs-only message');
  r.enter(contextConstructed(0), 'content');
  r.enter(TAG.sequence, 'SignedData');
  return certificatesOfSignedData(r);
}

/** RFC 5652 §5.1: version, digestAlgorithms, encapContentInfo, then the certificates. */
function certificatesOfSignedData(r: DerReader): Uint8Array[] {
  r.integer('version');
  r.expect(TAG.set, 'digestAlgorithms');
  r.expect(TAG.sequence, 'encapContentInfo');
  if (r.peek() !== contextConstructed(0)) return [];
  r.enter(contextConstructed(0), 'certificates');
  const found: Uint8Array[] = [];
  while (!r.done) {
    r.next('certificates');
    // Other choices are attribute certificates and formats that nobody uses.
    if (r.tag === TAG.sequence) found.push(Uint8Array.from(r.element()));
  }
  return found;
}
