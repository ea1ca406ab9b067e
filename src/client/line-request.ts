import { PkixdError } from '../errors.js';
import { isInstant } from '../instant.js';
import type { VerifyRequest } from '../wire/request.js';
import { toPem } from '../x509/pem.js';

/** A value that the line protocol cannot carry, since spaces separate words and newlines separate lines. */
export class UnsendableError extends PkixdError {
  constructor(key: string, value: string) {
    super(
      'BAD_ARGUMENT',
      `${key} ${JSON.stringify(value)} cannot be sent: it is empty or holds a space or a control character`,
    );
  }
}

/** A request in the line protocol, with its terminator. */
export function requestText(id: string, request: VerifyRequest): string {
  const words = [
    word('id', id),
    ...wordsOf('profile', request.profile),
    ...wordsOf('purpose', request.purpose),
    ...wordsOf('host', request.hosts),
    ...wordsOf('ip', request.ips),
    ...wordsOf('email', request.emails),
    ...wordsOf('at', request.at === undefined ? undefined : instantText(request.at)),
    ...wordsOf('revocation', request.revocation),
  ];
  const blocks = [
    ...request.certificates.map((der) => toPem('CERTIFICATE', der)),
    ...request.crls.map((der) => toPem('X509 CRL', der)),
    ...(request.ocsp ?? []).map((der) => toPem('OCSP RESPONSE', der)),
    ...(request.anchors ? ['anchors:\n', ...request.anchors.map((der) => toPem('CERTIFICATE', der))] : []),
  ];
  return `VERIFY ${words.join(' ')}\n${blocks.join('')}.\n`;
}

/** The protocol's form has four digits for the year. */
function instantText(at: number): string {
  const text = isInstant(at) ? new Date(at).toISOString() : String(at);
  if (/^\d{4}-/.test(text)) return text;
  throw new PkixdError(
    'BAD_ARGUMENT',
    `at ${text} cannot be sent: it is not an instant of the years 0 to 9999`,
  );
}

function wordsOf(key: string, values: string | readonly string[] | undefined): string[] {
  return values === undefined ? [] : [values].flat().map((value) => word(key, value));
}

function word(key: string, value: string): string {
  if (!/^[^\s\p{Cc}]+$/u.test(value)) throw new UnsendableError(key, value);
  return `${key}=${value}`;
}
