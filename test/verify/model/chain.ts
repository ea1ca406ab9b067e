import fc from 'fast-check';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { createCertificate, createCrl, createRoot, type Issued } from '../../pki/pki.js';
import { HOUR, NOW } from '../scene.js';

/** One certificate of a chain of a single path, and the CRL that its issuer has made. */
interface Link {
  readonly selfIssued: boolean;
  readonly ca: boolean | undefined;
  readonly pathLength: number | undefined;
  readonly keyCertSign: boolean;
  readonly cRLSign: boolean;
  readonly expired: boolean;
  readonly brokenSignature: boolean;
  readonly unknownCritical: boolean;
  readonly permitted: string | undefined;
  readonly excluded: string | undefined;
  readonly policies: readonly string[] | undefined;
  readonly mapping: readonly [string, string] | undefined;
  readonly explicitAfter: number | undefined;
  readonly noMappingAfter: number | undefined;
  readonly noAnyPolicyAfter: number | undefined;
  readonly crl: 'good' | 'none' | 'stale' | 'revokes' | 'forged' | 'critical';
}

export interface Chain {
  /** From below the anchor down to the leaf. */
  readonly links: readonly Link[];
  readonly host: string;
}

const mostly = <T>(weight: number, right: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const POLICIES = ['1.2.3.1', '1.2.3.2'] as const;
const DOMAINS = ['a.example', 'example', 'test', 'b.a.example'] as const;

const link: fc.Arbitrary<Link> = fc.record({
  selfIssued: mostly(6, false, true),
  ca: mostly<boolean | undefined>(20, true, false, undefined),
  pathLength: mostly<number | undefined>(4, undefined, 0, 1),
  keyCertSign: mostly(20, true, false),
  cRLSign: mostly(20, true, false),
  expired: mostly(30, false, true),
  brokenSignature: mostly(30, false, true),
  unknownCritical: mostly(30, false, true),
  permitted: mostly<string | undefined>(6, undefined, ...DOMAINS),
  excluded: mostly<string | undefined>(8, undefined, ...DOMAINS),
  policies: mostly<readonly string[] | undefined>(
    2,
    POLICIES,
    undefined,
    [OID.anyPolicy],
    ['1.2.3.1'],
    ['1.2.3.2'],
  ),
  mapping: mostly<Link['mapping']>(
    8,
    undefined,
    ['1.2.3.1', '1.2.3.2'],
    ['1.2.3.2', '1.2.3.1'],
    ['1.2.3.1', OID.anyPolicy],
  ),
  explicitAfter: mostly<number | undefined>(4, undefined, 0, 1, 2),
  noMappingAfter: mostly<number | undefined>(8, undefined, 0, 1),
  noAnyPolicyAfter: mostly<number | undefined>(8, undefined, 0, 1),
  crl: mostly<Link['crl']>(25, 'good', 'none', 'stale', 'revokes', 'forged', 'critical'),
});

export const chains: fc.Arbitrary<Chain> = fc.record({
  links: fc.array(link, { minLength: 1, maxLength: 4 }),
  host: fc.constantFrom('a.example', 'b.a.example', 'xa.example', 'c.test'),
});

export interface MadeChain {
  readonly root: Issued;
  /** The leaf first. */
  readonly certificates: readonly Issued[];
  readonly crls: readonly { readonly der: Buffer; readonly pem: string }[];
}

const KEYS = Array.from({ length: 6 }, () => newKey('ed25519'));
const DATES = { notBefore: new Date(NOW - 1000 * HOUR), notAfter: new Date(NOW + 1000 * HOUR) };

export function makeChain({ links, host }: Chain): MadeChain {
  const root = createRoot({ ...DATES, subject: 'Chain Root', key: KEYS[0]! });
  const certificates: Issued[] = [];
  const crls: MadeChain['crls'][number][] = [];
  for (const [index, one] of links.entries()) {
    const issuer = certificates[0] ?? root;
    const isLeaf = index === links.length - 1;
    certificates.unshift(makeLink(one, issuer, index, isLeaf ? host : undefined));
    if (one.crl !== 'none') crls.push(makeCrl(one.crl, issuer, index));
  }
  return { root, certificates, crls };
}

function makeLink(one: Link, issuer: Issued, index: number, host: string | undefined): Issued {
  const key = KEYS[index + 1]!;
  const isAuthority = host === undefined;
  return createCertificate({
    ...DATES,
    ...(one.expired && { notAfter: new Date(NOW - HOUR) }),
    serial: index + 1,
    key,
    issuer,
    subject:
      one.selfIssued && isAuthority
        ? issuer.name
        : der.commonName(isAuthority ? `Chain CA ${index}` : 'the leaf'),
    breakSignature: one.brokenSignature,
    extensions: [
      ext.subjectKeyIdentifier(key.spki),
      ext.authorityKeyIdentifier(issuer.key.spki),
      ...(one.unknownCritical ? [ext.extension('1.2.3.4', der.derNull(), true)] : []),
      ...policyExtensions(one, isAuthority),
      ...(isAuthority ? authorityExtensions(one) : [ext.subjectAltName(ext.generalName.dns(host))]),
    ],
  });
}

function authorityExtensions({ ca, pathLength, keyCertSign, cRLSign, permitted, excluded }: Link): der.Der[] {
  const names = (domain: string | undefined): der.Der[] | undefined =>
    domain === undefined ? undefined : [ext.generalName.dns(domain)];
  const subtrees = {
    ...(permitted !== undefined && { permitted: names(permitted)! }),
    ...(excluded !== undefined && { excluded: names(excluded)! }),
  };
  return [
    ...(ca === undefined
      ? []
      : [ext.basicConstraints({ ca, ...(ca && pathLength !== undefined && { pathLength }) })]),
    ext.keyUsage(
      'digitalSignature',
      ...(keyCertSign ? (['keyCertSign'] as const) : []),
      ...(cRLSign ? (['cRLSign'] as const) : []),
    ),
    ...(permitted === undefined && excluded === undefined ? [] : [ext.nameConstraints(subtrees)]),
  ];
}

function policyExtensions(one: Link, isAuthority: boolean): der.Der[] {
  const { policies, mapping, explicitAfter, noMappingAfter, noAnyPolicyAfter } = one;
  const constraints = [
    ...(explicitAfter === undefined ? [] : [der.implicit(0, der.raw(explicitAfter))]),
    ...(noMappingAfter === undefined ? [] : [der.implicit(1, der.raw(noMappingAfter))]),
  ];
  const list = (policies ?? []).map((oid) => der.sequence(der.oid(oid)));
  const pair = mapping === undefined ? undefined : der.sequence(...mapping.map(der.oid));
  return [
    ...(policies === undefined ? [] : [ext.extension(OID.certificatePolicies, der.sequence(...list))]),
    ...(isAuthority && pair !== undefined
      ? [ext.extension(OID.policyMappings, der.sequence(pair), true)]
      : []),
    ...(isAuthority && constraints.length > 0
      ? [ext.extension(OID.policyConstraints, der.sequence(...constraints), true)]
      : []),
    ...(isAuthority && noAnyPolicyAfter !== undefined
      ? [ext.extension(OID.inhibitAnyPolicy, der.integer(noAnyPolicyAfter), true)]
      : []),
  ];
}

function makeCrl(kind: Link['crl'], issuer: Issued, index: number): MadeChain['crls'][number] {
  const usual = [ext.authorityKeyIdentifier(issuer.key.spki), ext.crlNumber(1)];
  return createCrl(issuer, {
    thisUpdate: new Date(NOW - 2 * HOUR),
    nextUpdate: new Date(kind === 'stale' ? NOW - HOUR : NOW + HOUR),
    revoked: kind === 'revokes' ? [{ serial: index + 1, date: new Date(NOW - 3 * HOUR) }] : [],
    breakSignature: kind === 'forged',
    extensions: kind === 'critical' ? [...usual, ext.extension('1.2.3.4', der.derNull(), true)] : usual,
  });
}
