import type { VerifyRequest } from '../src/wire/request.js';
import { OID } from '../src/x509/oid.js';
import * as der from '../test/pki/der-builder.js';
import * as ext from '../test/pki/extensions.js';
import { type KeyPair, type KeyType, newKey } from '../test/pki/keys.js';
import { createResponder, ocspResponse, singleResponse } from '../test/pki/ocsp.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
  type Issuer,
} from '../test/pki/pki.js';
import { GIANT_SHAPES } from './giant-shapes.js';
import { POINT_SHAPES } from './point-shapes.js';
import { READING_SHAPES } from './reading-shapes.js';
import { ask, type Shape, times } from './shape.js';

interface Mesh {
  readonly size: number;
  /** A key for each CA; by default one for all. */
  readonly keyType?: KeyType;
  /** Does an anchor certify the last of them? */
  readonly reaches?: boolean;
  readonly request?: Partial<VerifyRequest>;
  readonly extensions?: readonly der.Der[];
  /** The leaf's. */
  readonly dns?: readonly string[];
  /** So many CRLs of each CA, signed by another key. */
  readonly crls?: number;
}

/** Every one of `size` CAs certifies every other; the leaf hangs from the first. */
function mesh({
  size,
  keyType,
  reaches = false,
  request = {},
  extensions = [],
  ...rest
}: Mesh): VerifyRequest {
  const shared = newKey('p-256');
  const keys = times(size, () => (keyType === undefined ? shared : newKey(keyType)));
  const by = (index: number) => ({ name: der.commonName(`Mesh ${index}`), key: keys[index] ?? shared });
  const certify = (subject: number, issuer: Issuer): Uint8Array =>
    createIntermediate(issuer, { subject: `Mesh ${subject}`, key: by(subject).key, extensions }).der;
  const crossed = keys.flatMap((_, subject) =>
    keys.flatMap((__, issuer) => (issuer === subject ? [] : [certify(subject, by(issuer))])),
  );
  const root = createRoot();
  const way = reaches ? [certify(size - 1, root)] : [];
  const stranger = newKey('p-256');
  const crls = keys.flatMap((_, index) =>
    times(
      rest.crls ?? 0,
      (number) =>
        createCrl({ name: by(index).name, key: stranger }, { extensions: [ext.crlNumber(number)] }).der,
    ),
  );
  const leaf = createLeaf(by(0), rest.dns === undefined ? {} : { subject: 'leaf', dns: rest.dns });
  return ask([leaf.der, ...crossed, ...way], [root.der], { crls, ...request });
}

/** A leaf under `length` CAs, each under the one before. */
function chain(length: number): VerifyRequest {
  const root = createRoot({ key: 'ed25519' });
  const path = [root];
  for (const index of times(length, Number)) {
    path.push(createIntermediate(path.at(-1) ?? root, { subject: `CA ${index}`, key: root.key }));
  }
  const [, ...authorities] = path;
  return ask([createLeaf(path.at(-1) ?? root).der, ...authorities.map((one) => one.der)], [root.der]);
}

function withLeafExtensions(...extensions: readonly der.Der[]): VerifyRequest {
  const root = createRoot();
  return ask([createLeaf(root, { extensions }).der], [root.der], { hosts: ['leaf.example'] });
}

const policyList = (oids: readonly string[]): der.Der =>
  ext.extension(OID.certificatePolicies, der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))));
const mappingList = (pairs: readonly (readonly [string, string])[]): der.Der =>
  ext.extension(
    OID.policyMappings,
    der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))),
  );

const policy = (level: number, index: number): string => `1.2.${level}.${index}`;

/** Three CAs, each stating `count` policies and mapping each of them to others. */
function policies(count: number, mapsTo: (index: number) => readonly number[]): VerifyRequest {
  let issuer = createRoot();
  const root = issuer;
  const authorities = times(3, (level) => {
    issuer = createIntermediate(issuer, {
      subject: `Mapping CA ${level}`,
      extensions: [
        policyList(times(count, (index) => policy(level, index))),
        mappingList(
          times(count, (index) =>
            mapsTo(index).map((to) => [policy(level, index), policy(level + 1, to)] as const),
          ).flat(),
        ),
      ],
    });
    return issuer.der;
  });
  const leaf = createLeaf(issuer, { extensions: [policyList(times(count, (index) => policy(3, index)))] });
  return ask([leaf.der, ...authorities], [root.der], { policy: { explicit: true } });
}

/** CRLs of the leaf's issuer, none of them signed by its key. */
function strangersCrls(count: number, key: KeyPair | 'p-384'): VerifyRequest {
  const root = createRoot({ key });
  const rival = createRoot({ key: root.key.type });
  const { name } = root;
  const lists = times(
    count,
    (index) => createCrl({ name, key: rival.key }, { extensions: [ext.crlNumber(index)] }).der,
  );
  return ask([createLeaf(root).der], [root.der], { revocation: 'hard', crls: lists });
}

function longCrl(entries: number): VerifyRequest {
  const root = createRoot();
  const revoked = times(entries, (index) => ({ serial: index + 1 }));
  const list = createCrl(root, { revoked }).der;
  return ask([createLeaf(root).der], [root.der], { revocation: 'hard', crls: [list] });
}

/** Issuers of one name and one key, all of them wrong for the leaf. */
function namesakes(count: number): VerifyRequest {
  const root = createRoot();
  const keys = times(8, () => newKey('p-384'));
  const leaf = createLeaf({ name: der.commonName('Namesake'), key: newKey('p-384') });
  const issuers = times(
    count,
    (index) => createIntermediate(root, { subject: 'Namesake', key: keys[index % 8]! }).der,
  );
  return ask([leaf.der, ...issuers], [root.der]);
}

function nested(depth: number): Uint8Array {
  let bytes = der.derNull();
  for (let level = 0; level < depth; level++) bytes = der.sequence(bytes);
  return bytes;
}

export const SHAPES: readonly Shape[] = [
  {
    name: 'mesh of 10 CAs with one key, no anchor',
    codes: ['BUDGET_EXCEEDED'],
    request: () => mesh({ size: 10 }),
  },
  {
    name: 'mesh of 30 CAs with one key, no anchor',
    codes: ['BUDGET_EXCEEDED'],
    request: () => mesh({ size: 30 }),
  },
  {
    name: 'mesh of 12 CAs with P-384 keys, no anchor',
    codes: ['BUDGET_EXCEEDED'],
    request: () => mesh({ size: 12, keyType: 'p-384' }),
  },
  {
    name: 'mesh of 12 CAs with P-256 keys, anchor',
    codes: ['OK'],
    request: () => mesh({ size: 12, keyType: 'p-256', reaches: true }),
  },
  {
    name: 'mesh of 10 CAs, no path of which serves the purpose',
    codes: ['BUDGET_EXCEEDED'],
    request: () => mesh({ size: 10, reaches: true, request: { purpose: 'clientAuth' } }),
  },
  {
    name: 'mesh of 10 CAs, with 100 policies each',
    codes: ['BUDGET_EXCEEDED'],
    request: () =>
      mesh({
        size: 10,
        reaches: true,
        request: { purpose: 'clientAuth' },
        extensions: [policyList(times(100, (index) => `1.2.3.${index}`))],
      }),
  },
  {
    name: 'mesh of 10 CAs, with 100 name constraints each',
    codes: ['BUDGET_EXCEEDED'],
    request: () =>
      mesh({
        size: 10,
        reaches: true,
        request: { purpose: 'clientAuth' },
        extensions: [
          ext.nameConstraints({ excluded: times(100, (index) => ext.generalName.dns(`no${index}.example`)) }),
        ],
      }),
  },
  {
    name: 'mesh of 6 CAs, 10 CRLs of each signed by another',
    codes: ['BUDGET_EXCEEDED', 'CRL_BAD_SIGNATURE', 'CRL_ISSUER_UNTRUSTED'],
    request: () => mesh({ size: 6, reaches: true, crls: 10, request: { revocation: 'hard' } }),
  },
  {
    name: 'mesh of 10 CAs, a leaf of 10,000 names that match not',
    codes: ['PEER_NAME'],
    request: () =>
      mesh({
        size: 10,
        reaches: true,
        request: { hosts: ['other.example'] },
        dns: times(10_000, (index) => `n${index}.example`),
      }),
  },
  { name: 'chain of 60 CAs', codes: ['OK'], request: () => chain(60) },
  { name: 'chain of 300 CAs', codes: ['NO_PATH'], request: () => chain(300) },
  {
    name: '500 issuers of the right name and a wrong key',
    codes: ['BAD_SIGNATURE', 'BUDGET_EXCEEDED'],
    request: () => namesakes(500),
  },
  {
    name: '3 × 1,000 policy mappings',
    codes: ['OK'],
    request: () => policies(1000, (index) => [index]),
  },
  {
    name: '3 × 3,333 policy mappings',
    codes: ['BUDGET_EXCEEDED'],
    request: () => policies(3333, (index) => [index]),
  },
  {
    name: '3 × 10,000 policy mappings, 100 to 100',
    codes: ['BUDGET_EXCEEDED'],
    request: () => policies(100, () => times(100, Number)),
  },
  {
    name: '200 CRLs with bad P-384 signatures',
    codes: ['CRL_BAD_SIGNATURE', 'CRL_ISSUER_UNTRUSTED', 'BUDGET_EXCEEDED'],
    request: () => strangersCrls(200, 'p-384'),
  },
  {
    name: '64 OCSP responses with bad P-384 signatures',
    codes: ['OCSP_UNUSABLE', 'BUDGET_EXCEEDED'],
    request: () => badResponses(64),
  },
  {
    name: '64 OCSP responses of 64 parts about others',
    codes: ['CRL_NONE', 'BUDGET_EXCEEDED'],
    request: () => responsesAboutOthers(64, 64),
  },
  {
    name: '64 OCSP responses of 32 responders each, all certified, none of them the signer',
    codes: ['OCSP_UNUSABLE', 'BUDGET_EXCEEDED'],
    request: () => crowdedResponses(64, 32),
  },
  {
    name: '16 OCSP responders that all vouch for each other',
    codes: ['OCSP_UNUSABLE', 'BUDGET_EXCEEDED'],
    request: () => mutualResponders(16),
  },
  { name: 'a CRL of 20,000 entries', codes: ['OK'], request: () => longCrl(20_000) },
  {
    name: '10,000 extensions',
    codes: ['OK', 'MALFORMED', 'BUDGET_EXCEEDED'],
    request: () =>
      withLeafExtensions(...times(10_000, (index) => ext.extension(`1.2.3.${index}`, der.derNull()))),
  },
  {
    name: '10,000 times one extension',
    codes: ['DUPLICATE_EXTENSION', 'MALFORMED'],
    request: () => withLeafExtensions(...times(10_000, () => ext.extension('1.2.3.4', der.derNull()))),
  },
  { name: '20,000 alternative names', codes: ['PEER_NAME'], request: () => manyNames(20_000) },
  {
    name: '20,000 distribution points',
    codes: ['BUDGET_EXCEEDED'],
    request: () =>
      withLeafExtensions(
        ext.crlDistributionPoints(...times(20_000, (index) => `http://crl.example/${index}`)),
      ),
  },
  {
    name: 'an extension nested 20,000 deep',
    codes: ['OK', 'MALFORMED'],
    request: () => withLeafExtensions(ext.extension('1.2.3.4', nested(20_000))),
  },
  {
    name: 'name constraints nested 20,000 deep',
    codes: ['MALFORMED'],
    request: () => withLeafExtensions(ext.extension(OID.nameConstraints, nested(20_000))),
  },
  {
    name: 'an OID of 100,000 octets',
    codes: ['MALFORMED'],
    request: () =>
      withLeafExtensions(
        der.sequence(
          der.element(0x06, new Uint8Array(100_000).fill(0x81).fill(1, -1)),
          der.octetString(der.derNull()),
        ),
      ),
  },
  {
    name: 'a subject of 900 attributes',
    codes: ['OK', 'BUDGET_EXCEEDED'],
    request: () => longSubject(900),
  },
  ...GIANT_SHAPES,
  ...READING_SHAPES,
  ...POINT_SHAPES,
];

/** A leaf right under the root, asked about with these responses and no CRL. */
function stapled(make: (root: Issued, leaf: Issued) => readonly Uint8Array[], key: KeyType): VerifyRequest {
  const root = createRoot({ key });
  const leaf = createLeaf(root);
  return ask([leaf.der], [root.der], { ocsp: make(root, leaf), revocation: 'hard' });
}

function badResponses(count: number): VerifyRequest {
  const make = (root: Issued, leaf: Issued): readonly Uint8Array[] =>
    times(count, () => ocspResponse(root, [singleResponse(leaf, root)], { breakSignature: true }).der);
  return stapled(make, 'p-384');
}

function responsesAboutOthers(count: number, parts: number): VerifyRequest {
  const make = (root: Issued, leaf: Issued): readonly Uint8Array[] => {
    const other = singleResponse(leaf, root, { issuerName: der.commonName('Somebody') });
    return times(
      count,
      () =>
        ocspResponse(
          root,
          times(parts, () => other),
        ).der,
    );
  };
  return stapled(make, 'p-256');
}

function crowdedResponses(count: number, responders: number): VerifyRequest {
  const make = (root: Issued, leaf: Issued): readonly Uint8Array[] => {
    const certificates = times(responders, () => createResponder(root));
    const [signer = root] = certificates;
    const options = { signer, certificates, breakSignature: true };
    return times(count, () => ocspResponse(root, [singleResponse(leaf, root)], options).der);
  };
  return stapled(make, 'p-256');
}

function mutualResponders(count: number): VerifyRequest {
  const extensions = [ext.extendedKeyUsage(OID.ocspSigning)];
  const make = (root: Issued, leaf: Issued): readonly Uint8Array[] => {
    const responders = times(count, (index) => createResponder(root, { subject: `R ${index}`, extensions }));
    const subjects = [leaf, ...responders].map((subject) => singleResponse(subject, root));
    return responders.map((signer) => ocspResponse(root, subjects, { signer, certificates: [signer] }).der);
  };
  return stapled(make, 'p-256');
}

function manyNames(count: number): VerifyRequest {
  const root = createRoot();
  const dns = times(count, (index) => `*.${index}.example`);
  return ask([createLeaf(root, { subject: 'many', dns }).der], [root.der], {
    hosts: times(16, (index) => `${index}.other.example`),
  });
}

function longSubject(count: number): VerifyRequest {
  const root = createRoot();
  const name = der.sequence(
    ...times(count, (index) => der.set(der.attributeOf([OID.commonName, `é ${index}`]))),
  );
  const ca = createCertificate({ subject: name, issuer: root, extensions: [ext.basicConstraints()] });
  const respelled = der.sequence(
    ...times(count, (index) => der.set(der.attributeOf([OID.commonName, `É  ${index}`]))),
  );
  return ask([createLeaf({ name: respelled, key: ca.key }, { subject: 'leaf' }).der, ca.der], [root.der]);
}
