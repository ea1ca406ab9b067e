import type { GeneralName } from '../../x509/general-name.js';
import type { Placed } from './placed.js';

/** The forms of the names in a subjectAltName, RFC 5280 §4.2.1.6. */

/**
 * §4.2.1.6: dNSName "in the preferred name syntax" of RFC 1034 §3.5 and RFC 1123 §2.1 (letters, digits, hyphens; a
 * wildcard, of which the RFC does not speak, as the whole left-most label; no last label of digits alone, which would
 * be an IP address), rfc822Name as a Mailbox, the URI absolute.
 */
export function alternativeNames({ certificate }: Placed): string | undefined {
  const wrong = certificate.subjectAltName?.find((name) => !isWellFormed(name));
  return wrong === undefined || !('value' in wrong)
    ? undefined
    : `"${wrong.value}" in its subjectAltName is no ${FORM[wrong.kind]}`;
}

const FORM = { dns: 'host name', rfc822: 'mailbox', uri: 'absolute URI' } as const;

function isWellFormed(name: GeneralName): boolean {
  switch (name.kind) {
    case 'dns':
      return isHostName(name.value);
    case 'rfc822':
      return isMailbox(name.value);
    case 'uri':
      return ABSOLUTE_URI.test(name.value);
    default:
      // The parser has checked what there is to check of the others.
      return true;
  }
}

const LAST_LABEL_OF_DIGITS = /(?:^|\.)\d+$/;
const LABELS = /^(?:\*\.)?(?!-)[a-z\d-]{1,63}(?<!-)(?:\.(?!-)[a-z\d-]{1,63}(?<!-))*$/i;
const MAX_HOST = 253;

function isHostName(value: string): boolean {
  return value.length <= MAX_HOST && LABELS.test(value) && !LAST_LABEL_OF_DIGITS.test(value);
}

/** RFC 2821 §4.1.2: a dot-string or a quoted one before the domain, which may be an address in brackets. */
const LOCAL_PART = /^(?:[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*|"(?:[^"\\]|\\.)*")$/;
const ADDRESS_LITERAL = /^\[[\w.:-]+\]$/;

function isMailbox(value: string): boolean {
  const at = value.lastIndexOf('@');
  const domain = value.slice(at + 1);
  if (at < 1 || !LOCAL_PART.test(value.slice(0, at))) return false;
  return ADDRESS_LITERAL.test(domain) || (isHostName(domain) && !domain.startsWith('*'));
}

/** RFC 3986 §4.3: "MUST include both a scheme […] and a scheme-specific-part". */
const ABSOLUTE_URI = /^[a-z][a-z\d+.-]*:[^\s]+$/i;
