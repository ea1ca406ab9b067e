import { expect, test } from '@jest/globals';
import { certificateIssuer, deltaCrlIndicator, distributionPoints, scope } from '../pki/crl-extensions.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { ocspResponse, singleResponse } from '../pki/ocsp.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createRoot,
  type CrlOptions,
  type Issued,
  type Issuer,
} from '../pki/pki.js';
import { INCOMPARABLE, PAIRS_OF_TYPES, STRING_WRITERS } from '../pki/strings.js';
import { ask, HOUR, NOW } from './scene.js';

/** Each place where names are compared: what comes of it when the two names are those of the pair. */

const key = newKey('p-256');
const otherKey = newKey('p-256');
const TEXT = '4711 0815';
const O = '2.5.4.10';
const SERIAL = 77;

const name = (value: der.Der): der.Der => der.name([O, value]);
const hours = (count: number): Date => new Date(NOW + count * HOUR);
const crl = (issuer: Issuer, options: CrlOptions = {}): Buffer =>
  createCrl(issuer, { thisUpdate: hours(-1), nextUpdate: hours(1), extensions: [], ...options }).der;
const rootOf = (subject: der.Der): Issued => createRoot({ subject, key });
const leafOf = (
  issuer: Issuer,
  options: { subject?: der.Der; extensions?: readonly der.Der[] } = {},
): Issued =>
  createCertificate({ subject: der.commonName('leaf'), key: otherKey, serial: SERIAL, ...options, issuer });
const listed = [{ serial: SERIAL, date: hours(-2) }];

/** The code for a leaf right under the anchor, by these CRLs of the request. */
function revocationOf(
  root: Issued,
  leaf: Issued,
  crls: readonly Uint8Array[],
  others: readonly Issued[] = [],
): string {
  return ask({ anchors: [root] }, [leaf, ...others], { revocation: 'hard', crls }).code;
}

interface Codes {
  /** The pair is one name. */
  readonly same: string;
  /** One of the two is a TeletexString, whose Latin-1 is the other. */
  readonly teletex: string;
  readonly different: string;
}

type Place = readonly [what: string, judge: (a: der.Der, b: der.Der) => string, codes: Codes];

const PLACES: readonly Place[] = [
  [
    'a trust anchor and the issuer of a certificate',
    (a, b) => ask({ anchors: [rootOf(a)] }, [leafOf({ key, name: b })]).code,
    { same: 'OK', teletex: 'NAME_CHAINING', different: 'NO_PATH' },
  ],
  [
    'a CA and the issuer of a certificate',
    (a, b) => {
      const root = createRoot({ key: otherKey });
      const ca = createIntermediate(root, { subject: a, key });
      return ask({ anchors: [root] }, [leafOf({ key, name: b }), ca]).code;
    },
    { same: 'OK', teletex: 'NAME_CHAINING', different: 'NO_PATH' },
  ],
  [
    'subject and issuer of a CA that is not counted where the two are one',
    (a, b) => {
      const root = createRoot({ key: otherKey });
      const upper = createIntermediate(root, { subject: b, key, pathLength: 0 });
      const lower = createIntermediate({ key, name: b }, { subject: a, key: otherKey });
      return ask({ anchors: [root] }, [leafOf({ key: otherKey, name: a }), lower, upper]).code;
    },
    { same: 'OK', teletex: 'PATH_LENGTH', different: 'PATH_LENGTH' },
  ],
  [
    'a permitted subtree and a subject',
    (a, b) => {
      const root = createRoot({ key: otherKey });
      const constraints = ext.nameConstraints({ permitted: [ext.generalName.dn(a)] });
      const ca = createIntermediate(root, { key, extensions: [constraints] });
      return ask({ anchors: [root] }, [leafOf(ca, { subject: b }), ca]).code;
    },
    { same: 'OK', teletex: 'NAME_CONSTRAINT', different: 'NAME_CONSTRAINT' },
  ],
  [
    'an excluded subtree and a subject',
    (a, b) => excludedCode(a, b),
    { same: 'NAME_CONSTRAINT', teletex: 'NAME_CONSTRAINT', different: 'OK' },
  ],
  [
    'an excluded subtree and a directory name of the subjectAltName',
    (a, b) => {
      const root = createRoot({ key: otherKey });
      const constraints = ext.nameConstraints({ excluded: [ext.generalName.dn(a)] });
      const ca = createIntermediate(root, { key, extensions: [constraints] });
      const names = ext.subjectAltName(
        ext.generalName.dn(der.sequence(b.subarray(2), der.set(der.attributeOf([O, 'x'])))),
      );
      return ask({ anchors: [root] }, [leafOf(ca, { extensions: [names] }), ca]).code;
    },
    { same: 'NAME_CONSTRAINT', teletex: 'NAME_CONSTRAINT', different: 'OK' },
  ],
  [
    'the issuer of a certificate and of a CRL that lists it',
    (a, b) => {
      const root = rootOf(a);
      return revocationOf(root, leafOf(root), [crl({ key, name: b }, { revoked: listed })]);
    },
    { same: 'REVOKED', teletex: 'REVOKED', different: 'CRL_NONE' },
  ],
  [
    'the issuer of a certificate and of a CRL that clears it',
    (a, b) => {
      const root = rootOf(a);
      return revocationOf(root, leafOf(root), [crl({ key, name: b })]);
    },
    { same: 'OK', teletex: 'OK', different: 'CRL_NONE' },
  ],
  [
    'the issuer of a certificate and the certificateIssuer of an entry',
    (a, b) => indirectCode(a, b),
    { same: 'REVOKED', teletex: 'REVOKED', different: 'OK' },
  ],
  [
    'the cRLIssuer of a certificate and the issuer of a CRL that lists it',
    (a, b) => {
      const root = createRoot({ key: otherKey });
      const signer = createIntermediate(root, { subject: b, key });
      const leaf = leafOf(root, { extensions: [distributionPoints({ crlIssuer: a })] });
      const entry = { serial: SERIAL, date: hours(-2), extensions: [certificateIssuer(root.name)] };
      const list = crl(signer, { extensions: [scope({ indirect: true })], revoked: [entry] });
      return revocationOf(root, leaf, [list, crl(root)], [signer]);
    },
    { same: 'REVOKED', teletex: 'REVOKED', different: 'CRL_SCOPE' },
  ],
  [
    'the distribution point of a certificate and of a CRL that lists it',
    (a, b) => {
      const root = createRoot({ key });
      const leaf = leafOf(root, { extensions: [distributionPoints({ dn: a })] });
      return revocationOf(root, leaf, [crl(root, { extensions: [scope({ dn: b })], revoked: listed })]);
    },
    { same: 'REVOKED', teletex: 'REVOKED', different: 'CRL_SCOPE' },
  ],
  [
    'the issuer of a complete CRL and of the delta CRL that lists the certificate',
    (a, b) => {
      const root = rootOf(a);
      const base = crl(root, { extensions: [ext.crlNumber(1)] });
      const extensions = [ext.crlNumber(2), deltaCrlIndicator(1)];
      return revocationOf(root, leafOf(root), [base, crl({ key, name: b }, { extensions, revoked: listed })]);
    },
    { same: 'REVOKED', teletex: 'REVOKED', different: 'OK' },
  ],
  [
    'the issuer of a certificate and the responder of an OCSP response',
    (a, b) => {
      const root = rootOf(a);
      const leaf = leafOf(root);
      const status = { date: hours(-2) };
      const single = singleResponse(leaf, root, { status, thisUpdate: hours(-1), nextUpdate: hours(1) });
      const response = ocspResponse({ key, name: b }, [single], { producedAt: hours(-1) });
      return ask({ anchors: [root] }, [leaf], { revocation: 'hard', ocsp: [response.der] }).code;
    },
    { same: 'REVOKED', teletex: 'REVOKED', different: 'OCSP_UNUSABLE' },
  ],
];

function excludedCode(base: der.Der, subject: der.Der): string {
  const root = createRoot({ key: otherKey });
  const constraints = ext.nameConstraints({ excluded: [ext.generalName.dn(base)] });
  const ca = createIntermediate(root, { key, extensions: [constraints] });
  return ask({ anchors: [root] }, [leafOf(ca, { subject }), ca]).code;
}

/** By the own indirect CRL of the leaf's issuer. */
function indirectCode(issuer: der.Der, ofEntry: der.Der, serial = SERIAL, reason?: number): string {
  const root = rootOf(issuer);
  const reasons = reason === undefined ? [] : [ext.reasonCode(reason)];
  const entry = { serial, date: hours(-2), extensions: [certificateIssuer(ofEntry), ...reasons] };
  const list = crl(root, { extensions: [scope({ indirect: true })], revoked: [entry] });
  return revocationOf(root, leafOf(root), [list]);
}

test.each(PLACES)('%s: a text is the same whatever string types carry it', (_what, judge, codes) => {
  for (const [a, b] of PAIRS_OF_TYPES) {
    const [own, other] = [STRING_WRITERS[a], STRING_WRITERS[b]];
    const isTeletex = a !== b && (a === 'TeletexString' || b === 'TeletexString');
    const expected = [a, b, isTeletex ? codes.teletex : codes.same, codes.different];
    const same = judge(name(own(TEXT)), name(other(`${TEXT}${isTeletex || a === b ? '' : ' '}`)));
    expect([a, b, same, judge(name(own(TEXT)), name(other('4711 0816')))]).toEqual(expected);
  }
});

const UNCLEAR = INCOMPARABLE.map(([what, value]) => [what, name(value)] as const);
const clear = name(der.utf8String('clear'));

test.each(UNCLEAR)('%s may be what is excluded, on either side', (_what, unclear) => {
  expect(excludedCode(clear, unclear)).toBe('NAME_CONSTRAINT');
  expect(excludedCode(unclear, clear)).toBe('NAME_CONSTRAINT');
  expect(excludedCode(unclear, unclear)).toBe('NAME_CONSTRAINT');
  // Another type of attribute, and more RDNs than the name has, stay other names.
  expect(excludedCode(der.name(['2.5.4.3', 'clear']), unclear)).toBe('OK');
  expect(excludedCode(der.name([O, 'clear'], ['2.5.4.3', 'more']), unclear)).toBe('OK');
});

test.each(UNCLEAR)('%s proves nothing but itself', (_what, unclear) => {
  expect(ask({ anchors: [rootOf(unclear)] }, [leafOf({ key, name: unclear })]).code).toBe('OK');
  expect(ask({ anchors: [rootOf(unclear)] }, [leafOf({ key, name: clear })]).code).toBe('NO_PATH');
  const root = createRoot({ key: otherKey });
  const permitting = (base: der.Der): Issued =>
    createIntermediate(root, {
      key,
      extensions: [ext.nameConstraints({ permitted: [ext.generalName.dn(base)] })],
    });
  const codeOf = (ca: Issued, subject: der.Der): string =>
    ask({ anchors: [root] }, [leafOf(ca, { subject }), ca]).code;
  expect(codeOf(permitting(unclear), unclear)).toBe('OK');
  expect(codeOf(permitting(unclear), clear)).toBe('NAME_CONSTRAINT');
  expect(codeOf(permitting(clear), unclear)).toBe('NAME_CONSTRAINT');
});

test.each(UNCLEAR)('%s may be the issuer whose certificate an indirect CRL lists', (_what, unclear) => {
  expect(indirectCode(clear, unclear)).toBe('CRL_MALFORMED');
  expect(indirectCode(unclear, clear)).toBe('CRL_MALFORMED');
  expect(indirectCode(unclear, unclear)).toBe('REVOKED');
  // Another serial number, one that was taken off the list, and another type of attribute are not meant.
  expect(indirectCode(clear, unclear, SERIAL + 1)).toBe('OK');
  expect(indirectCode(clear, unclear, SERIAL, 8)).toBe('OK');
  expect(indirectCode(der.commonName('clear'), unclear)).toBe('OK');
});

test.each(UNCLEAR)(
  '%s in a distribution point may be that of a CRL: what it lists counts',
  (_what, unclear) => {
    const root = createRoot({ key });
    const codeFor = (own: der.Der, ofCrl: der.Der, revoked: CrlOptions['revoked'] = listed): string => {
      const leaf = leafOf(root, { extensions: [distributionPoints({ dn: own })] });
      const partial = crl(root, { extensions: [scope({ dn: ofCrl })], revoked, thisUpdate: hours(-0.5) });
      return revocationOf(root, leaf, [partial, crl(root)]);
    };
    expect(codeFor(unclear, clear)).toBe('CRL_MALFORMED');
    expect(codeFor(clear, unclear)).toBe('CRL_MALFORMED');
    expect(codeFor(unclear, unclear)).toBe('REVOKED');
    expect(codeFor(clear, unclear, [])).toBe('OK');
  },
);

test.each(UNCLEAR)('%s may be the responder of an OCSP response: its signature decides', (_what, unclear) => {
  const root = rootOf(unclear);
  const leaf = leafOf(root);
  const codeFor = (signer: Issuer): string => {
    const status = { date: hours(-2) };
    const single = singleResponse(leaf, root, { status, thisUpdate: hours(-1), nextUpdate: hours(1) });
    const response = ocspResponse(signer, [single], { producedAt: hours(-1) });
    return ask({ anchors: [root] }, [leaf], { revocation: 'hard', ocsp: [response.der] }).code;
  };
  expect(codeFor({ key, name: clear })).toBe('REVOKED');
  expect(codeFor({ key: otherKey, name: clear })).toBe('OCSP_UNUSABLE');
});

test('a name that may be listed is not forgiven, and nothing else clears it', () => {
  const unclear = UNCLEAR[0]![1];
  const root = rootOf(clear);
  const entry = { serial: SERIAL, date: hours(-2), extensions: [certificateIssuer(unclear)] };
  const indirect = crl(root, {
    extensions: [scope({ indirect: true })],
    revoked: [entry],
    thisUpdate: hours(-0.5),
  });
  for (const crls of [[indirect], [indirect, crl(root)], [crl(root), indirect]]) {
    const verdict = ask({ anchors: [root] }, [leafOf(root)], { revocation: 'soft', crls });
    expect(verdict).toMatchObject({ status: 'indeterminate', code: 'CRL_MALFORMED' });
    expect(verdict.message).toContain('cannot be compared');
  }
  const revoking = crl(root, { revoked: listed });
  expect(revocationOf(root, leafOf(root), [indirect, revoking])).toBe('REVOKED');
});

test('where an indirect CRL has more unclear issuers than are told apart, it clears no other', () => {
  const root = rootOf(clear);
  const codeWith = (count: number): string => {
    const revoked = Array.from({ length: count }, (_, index) => ({
      serial: index + 1000,
      date: hours(-2),
      extensions: [certificateIssuer(der.name([O, der.utf8String(`\u{e000}${index}`)]))],
    }));
    return revocationOf(root, leafOf(root), [
      crl(root, { extensions: [scope({ indirect: true })], revoked }),
    ]);
  };
  expect(codeWith(64)).toBe('OK');
  expect(codeWith(65)).toBe('CRL_MALFORMED');
});

test('an OCSP response finds the issuer by its name as the certificate, or as the CA itself writes it', () => {
  const [own, ofLeaf, another] = [
    name(der.printableString('CA')),
    name(der.bmpString('CA')),
    name(der.utf8String('CA')),
  ];
  const root = rootOf(own);
  const leaf = leafOf({ key, name: ofLeaf });
  const codeFor = (issuerName: der.Der): string => {
    const times = { thisUpdate: hours(-1), nextUpdate: hours(1) };
    const single = singleResponse(leaf, root, { ...times, status: { date: hours(-2) }, issuerName });
    const response = ocspResponse(root, [single], { producedAt: hours(-1) });
    return ask({ anchors: [root] }, [leaf], { revocation: 'hard', ocsp: [response.der] }).code;
  };
  expect([codeFor(own), codeFor(ofLeaf), codeFor(another)]).toEqual(['REVOKED', 'REVOKED', 'CRL_NONE']);
});

test.each(UNCLEAR)(
  'a CRL of the CA under a comparable name may be for an issuer with %s: what it lists is in doubt',
  (_what, unclear) => {
    const root = rootOf(unclear);
    const leaf = leafOf(root);
    const clean = crl(root);
    const lists = crl({ name: clear, key }, { revoked: listed });
    const codeFor = (...crls: readonly Buffer[]): string =>
      ask({ anchors: [root] }, [leaf], { revocation: 'hard', crls }).code;
    expect(codeFor(clean)).toBe('OK');
    expect(codeFor(clean, lists)).toBe('CRL_MALFORMED');
    expect(codeFor(lists, clean)).toBe('CRL_MALFORMED');
    expect(codeFor(clean, crl({ name: clear, key }))).toBe('OK');
  },
);

test('comparing names that cannot be compared by their keys is paid for', () => {
  const root = createRoot({ key: otherKey });
  const bases = Array.from({ length: 2000 }, (_, index) => ext.generalName.dn(der.name([O, `b${index}`])));
  const ca = createIntermediate(root, { key, extensions: [ext.nameConstraints({ excluded: bases })] });
  const long = (value: der.Der): der.Der =>
    der.sequence(...Array.from({ length: 400 }, () => der.set(der.attributeOf([O, value]))));
  const codeOf = (subject: der.Der): string => ask({ anchors: [root] }, [leafOf(ca, { subject }), ca]).code;
  expect(codeOf(long(der.utf8String('xxxxxxxx')))).toBe('OK');
  expect(
    codeOf(
      der.sequence(der.set(der.attributeOf([O, 'x'])), long(der.utf8String('\ue000\ue000')).subarray(4)),
    ),
  ).toBe('BUDGET_EXCEEDED');
});
