import type { Certificate } from '../../x509/certificate.js';
import { type GeneralName, smtpUtf8Mailbox } from '../../x509/general-name.js';
import { attributeTexts } from '../../x509/name.js';
import { OID } from '../../x509/oid.js';

export type NameKind = GeneralName['kind'];

/** A name that name constraints apply to: a GeneralName, or an emailAddress of the subject. */
export type ConstrainedName =
  GeneralName | { readonly kind: 'rfc822'; readonly value: string; readonly isAttribute: true };

/** The names of a certificate that name constraints apply to, by their form. */
export type ConstrainedNames = ReadonlyMap<NameKind, readonly ConstrainedName[]>;

/**
 * RFC 5280 §4.2.1.10: the subject, unless it is empty, the subjectAltName, and in a certificate without a
 * subjectAltName the mail addresses of the subject. An SmtpUTF8Mailbox is also a mail address (RFC 9598 §6).
 */
export function constrainedNames(certificate: Certificate): ConstrainedNames {
  const names = known.get(certificate) ?? gather(certificate);
  known.set(certificate, names);
  return names;
}

/** Every path that ends in a leaf asks for its names again. */
const known = new WeakMap<Certificate, ConstrainedNames>();

function gather(certificate: Certificate): ConstrainedNames {
  const { subject, subjectAltName } = certificate;
  const names = new Map<NameKind, ConstrainedName[]>();
  const add = (name: ConstrainedName): void => {
    const ofKind = names.get(name.kind);
    if (ofKind === undefined) names.set(name.kind, [name]);
    else ofKind.push(name);
  };
  if (!subject.empty) add({ kind: 'dn', name: subject });
  for (const name of subjectAltName ?? []) {
    add(name);
    const mailbox = name.kind === 'other' ? smtpUtf8Mailbox(name.der) : undefined;
    if (mailbox !== undefined) add({ kind: 'rfc822', value: mailbox });
  }
  if (subjectAltName === undefined) {
    for (const text of attributeTexts(subject, OID.emailAddress))
      add({ kind: 'rfc822', value: text ?? '', isAttribute: true });
  }
  return names;
}
