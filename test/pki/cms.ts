import { OID } from '../../src/x509/oid.js';
import * as der from './der-builder.js';

/** A certs-only CMS message (RFC 5652 §5.1), its certificates in this order. */
export function certsOnly(certificates: readonly der.Der[], crls: readonly der.Der[] = []): Buffer {
  return Buffer.from(
    der.sequence(
      der.oid(OID.signedData),
      der.explicit(
        0,
        der.sequence(
          der.integer(1),
          der.element(0x31),
          der.sequence(der.oid('1.2.840.113549.1.7.1')),
          der.element(0xa0, ...certificates),
          ...(crls.length === 0 ? [] : [der.element(0xa1, ...crls)]),
          der.element(0x31),
        ),
      ),
    ),
  );
}

/** OpenSSL's X509_CERT_AUX: uses for which the certificate is trusted, and for which it is not. */
export function trustSettings(trusted: readonly string[], rejected: readonly string[] = []): Buffer {
  return Buffer.from(
    der.sequence(
      ...(trusted.length === 0 ? [] : [der.sequence(...trusted.map(der.oid))]),
      ...(rejected.length === 0 ? [] : [der.explicit(0, ...rejected.map(der.oid))]),
    ),
  );
}
