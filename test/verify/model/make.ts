import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import { newKey } from '../../pki/keys.js';
import { createCertificate, createCrl, createRoot, type Issued, type Issuer } from '../../pki/pki.js';
import { OID } from '../../../src/x509/oid.js';
import { HOUR, NOW } from '../scene.js';
import { type CertificateDescription, type CrlDescription, type Entity, type Graph, NAMES } from './graph.js';

/** One key for each name, and then a rival's key for each. */
const KEYS = Array.from({ length: 2 * NAMES }, () => newKey('ed25519'));

const nameOf = (name: number): der.Der => der.commonName(`Graph CA ${name}`);
/** The same name to §7.1: case, blanks and string type do not count. */
const respelled = (name: number): der.Der =>
  der.name([OID.commonName, der.printableString(` graph  ca ${name} `)]);

const asIssuer = ({ name, key }: Entity): Issuer => ({ name: nameOf(name), key: KEYS[key]! });

const DATES = {
  current: { notBefore: new Date(NOW - 1000 * HOUR), notAfter: new Date(NOW + 1000 * HOUR) },
  past: { notBefore: new Date(NOW - 2000 * HOUR), notAfter: new Date(NOW - 1000) },
  future: { notBefore: new Date(NOW + 1000), notAfter: new Date(NOW + 2000 * HOUR) },
} as const;

const PURPOSES = {
  serverAuth: OID.serverAuth,
  clientAuth: OID.clientAuth,
  any: OID.anyExtendedKeyUsage,
} as const;

export interface MadeGraph {
  readonly anchors: readonly Issued[];
  /** The leaf first. */
  readonly certificates: readonly Issued[];
  /** DER. */
  readonly crls: readonly Uint8Array[];
}

export function makeGraph(graph: Graph): MadeGraph {
  return {
    anchors: graph.anchors.map(({ name, key }) => createRoot({ subject: nameOf(name), key: KEYS[key]! })),
    certificates: graph.certificates.map((description, index) => makeCertificate(description, index, graph)),
    crls: graph.crls.map(makeCrl),
  };
}

function makeCertificate(description: CertificateDescription, serial: number, graph: Graph): Issued {
  const { subject, issuer, keyUsage, purposes, ca, pathLength } = description;
  const by = asIssuer(issuer);
  const mute = graph.withoutCrlSign.includes(subject.name);
  const usage = keyUsage ?? (mute ? { keyCertSign: true } : undefined);
  const bits = [
    'digitalSignature',
    ...(usage?.keyCertSign === true ? (['keyCertSign'] as const) : []),
    ...(mute ? [] : (['cRLSign'] as const)),
  ] as const;
  return createCertificate({
    ...DATES[description.validity],
    serial: serial + 1,
    subject: nameOf(subject.name),
    key: KEYS[subject.key]!,
    issuer: description.respelled ? { ...by, name: respelled(issuer.name) } : by,
    breakSignature: description.brokenSignature,
    extensions: [
      ...(ca === undefined
        ? []
        : [ext.basicConstraints({ ca, ...(ca && pathLength !== undefined && { pathLength }) })]),
      ...(usage === undefined ? [] : [ext.keyUsage(...bits)]),
      ...(purposes === undefined ? [] : [ext.extendedKeyUsage(...purposes.map((word) => PURPOSES[word]))]),
      ...(description.unknownCritical ? [ext.extension('1.2.3.4', der.derNull(), true)] : []),
    ],
  });
}

function makeCrl({ issuer, brokenSignature, isStale, age, revoked }: CrlDescription): Uint8Array {
  const thisUpdate = NOW - HOUR * (1 + age);
  return createCrl(asIssuer(issuer), {
    thisUpdate: new Date(thisUpdate),
    nextUpdate: new Date(isStale ? NOW - 1000 : NOW + HOUR),
    revoked: revoked.map((index) => ({ serial: index + 1, date: new Date(thisUpdate - HOUR) })),
    extensions: [ext.authorityKeyIdentifier(KEYS[issuer.key]!.spki), ext.crlNumber(1000 - age)],
    breakSignature: brokenSignature,
  }).der;
}
