import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BASE_RULES } from '../../../src/verify/profiles.js';
import { verify, type VerifyEnvironment } from '../../../src/verify/verify.js';
import type { VerifyRequest } from '../../../src/wire/request.js';
import { OID } from '../../../src/x509/oid.js';
import * as der from '../../pki/der-builder.js';
import * as ext from '../../pki/extensions.js';
import {
  createCertificate,
  createCrl,
  createIntermediate,
  createLeaf,
  createRoot,
  type Issued,
} from '../../pki/pki.js';
import { chains, makeChain } from '../model/chain.js';
import { graphs } from '../model/graph.js';
import { makeGraph } from '../model/make.js';
import { environmentOf, HOUR, NOW, type Scene } from '../scene.js';

/** More, once in a while: PKIXD_GRAPHS=20000 */
const RUNS = Math.ceil(Number(process.env['PKIXD_GRAPHS'] ?? 800) / 6);

/** What of a request bears on the steps above its leaf, and the clock. */
const circumstances = fc.record({
  now: fc.constantFrom(NOW, NOW, NOW, NOW, NOW, NOW, NOW + 2 * HOUR, NOW - 2 * HOUR, NOW + 1500 * HOUR),
  at: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, NOW - 3 * HOUR),
  profile: fc.constantFrom('test', 'test', 'test', 'test', 'strict', 'nested', 'short'),
  purpose: fc.constantFrom(undefined, 'serverAuth', 'clientAuth'),
  revocation: fc.constantFrom('hard', 'hard', 'grace', 'soft', 'off'),
  policy: fc.record({
    explicit: fc.boolean(),
    inhibitMapping: fc.boolean(),
    inhibitAny: fc.boolean(),
    initial: fc.constantFrom(['2.5.29.32.0'], ['1.2.3.1'], ['1.2.3.2']),
  }),
});

type Circumstances = typeof circumstances extends fc.Arbitrary<infer T> ? T : never;

/** A thread: what it has learnt from one request it may use for the next. */
function threadOf(scene: Scene): VerifyEnvironment {
  const environment = environmentOf(scene);
  const plain = environment.profiles.get('test')!;
  const profiles = new Map([
    ['test', plain],
    ['strict', { ...plain, rules: BASE_RULES['rfc5280-strict'] }],
    ['nested', { ...plain, rules: BASE_RULES.webpki, crlMaxAge: HOUR }],
    ['short', { ...plain, maxIntermediates: 1 }],
  ]);
  return { ...environment, profiles };
}

/** Asks a thread that has seen all requests before this one, and a new one; returns how often they said `valid`. */
function compareThreads(
  scene: Scene,
  requests: readonly { readonly certificates: readonly Issued[]; readonly asked: Circumstances }[],
): number {
  const thread = threadOf(scene);
  let valid = 0;
  for (const { certificates, asked } of requests) {
    const { now, at, purpose, ...others } = asked;
    const request: VerifyRequest = {
      ...others,
      certificates: certificates.map((one) => one.der),
      crls: [],
      ...(at !== undefined && { at }),
      ...(purpose !== undefined && { purpose }),
    };
    const clock = { now: (): number => now };
    const verdict = verify(request, { ...thread, ...clock });
    expect(verdict).toEqual(verify(request, { ...threadOf(scene), ...clock }));
    if (verdict.status === 'valid') valid += 1;
  }
  return valid;
}

test.each([false, true])(
  'in a random graph (rivals: %s) a thread that knows the authorities says what a new one says',
  (rivals) => {
    let valid = 0;
    const questions = fc.array(fc.tuple(fc.nat(), circumstances), { minLength: 4, maxLength: 8 });
    fc.assert(
      fc.property(graphs(rivals), questions, (graph, asked) => {
        const { anchors, certificates, crls } = makeGraph(graph);
        const requests = asked.map(([leaf, circumstance]) => {
          const first = certificates[leaf % certificates.length]!;
          return { certificates: [first, ...certificates.slice(1)], asked: circumstance };
        });
        valid += compareThreads({ anchors, stored: crls, crlGrace: HOUR }, requests);
      }),
      { numRuns: RUNS },
    );
    expect(valid).toBeGreaterThan(RUNS / 10);
  },
);

test('under random chains of policies and name constraints it does so for every leaf', () => {
  let valid = 0;
  const leaves = fc.array(fc.tuple(chains, circumstances), { minLength: 3, maxLength: 6 });
  fc.assert(
    fc.property(chains, leaves, (chain, asked) => {
      const { root, crls } = makeChain(chain);
      const requests = asked.map(([{ links, host }, circumstance]) => {
        const made = makeChain({ links: [...chain.links.slice(0, -1), links.at(-1)!], host });
        return { certificates: made.certificates, asked: circumstance };
      });
      const stored = crls.map((crl) => crl.der);
      valid += compareThreads({ anchors: [root], stored, crlGrace: HOUR }, requests);
    }),
    { numRuns: RUNS },
  );
  expect(valid).toBeGreaterThan(RUNS / 10);
});

const root = createRoot();
const dates = { notBefore: new Date(NOW - 10 * HOUR), notAfter: new Date(NOW + 10 * HOUR) };
const intermediate = createIntermediate(root, dates);
const leafOf = (host: string): Issued => createLeaf(intermediate, { dns: [host] });

/** The codes that one thread gives, one request after the other. */
function codesOf(
  scene: Scene,
  requests: readonly {
    readonly leaf: Issued;
    readonly now?: number;
    readonly request?: Partial<VerifyRequest>;
  }[],
): string[] {
  const environment = environmentOf(scene);
  return requests.map(({ leaf, now = NOW, request }) => {
    const certificates = [leaf.der, intermediate.der];
    return verify({ certificates, crls: [], ...request }, { ...environment, now: () => now }).code;
  });
}

test('a CA that was found good expires all the same', () => {
  const [leaf, other] = [leafOf('one.example'), leafOf('two.example')];
  const after = dates.notAfter.getTime();
  expect(
    codesOf({ anchors: [root] }, [
      { leaf },
      { leaf: other },
      { leaf, now: after },
      { leaf: other, now: after + 1000 },
      { leaf, now: dates.notBefore.getTime() - 1000 },
    ]),
  ).toEqual(['OK', 'OK', 'OK', 'EXPIRED', 'NOT_YET_VALID']);
});

test('a CRL that cleared a certificate ends with its nextUpdate, and does not clear one that it lists', () => {
  const revoked = createLeaf(intermediate, { serial: 77 });
  const leaf = leafOf('one.example');
  const nextUpdate = NOW + HOUR;
  const lists = { thisUpdate: new Date(NOW - HOUR), nextUpdate: new Date(nextUpdate) };
  const stored = [
    createCrl(root, lists).der,
    createCrl(intermediate, { ...lists, revoked: [{ serial: 77, date: new Date(NOW - HOUR) }] }).der,
  ];
  const request = { revocation: 'hard' } as const;
  expect(
    codesOf({ anchors: [root], stored }, [
      { leaf, request },
      { leaf: revoked, request },
      { leaf, request },
      { leaf, request, now: nextUpdate - 1 },
      { leaf, request, now: nextUpdate },
      { leaf, request: { ...request, at: NOW - 2 * HOUR } },
    ]),
  ).toEqual(['OK', 'REVOKED', 'OK', 'OK', 'CRL_STALE', 'REVOCATION_AT_UNKNOWN']);
});

test('the issuer that was found good bounds the names of each leaf', () => {
  const bounded = createIntermediate(root, {
    subject: 'Bounded CA',
    extensions: [ext.nameConstraints({ permitted: [ext.generalName.dns('good.example')] })],
  });
  const environment = environmentOf({ anchors: [root] });
  const codes = ['www.good.example', 'www.bad.example', 'www.good.example'].map((host) => {
    const certificates = [createLeaf(bounded, { dns: [host] }).der, bounded.der];
    return verify({ certificates, crls: [] }, environment).code;
  });
  expect(codes).toEqual(['OK', 'NAME_CONSTRAINT', 'OK']);
});

const policies = (...oids: readonly string[]): der.Der =>
  ext.extension('2.5.29.32', der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))));

test('policies are asked for by each request, and each leaf states its own', () => {
  const stating = createIntermediate(root, {
    subject: 'Stating CA',
    extensions: [policies('1.2.3.1', '1.2.3.2')],
  });
  const environment = environmentOf({ anchors: [root] });
  const verdictOf = (oids: readonly string[], explicit: boolean): [string, readonly string[]] => {
    const leaf = createLeaf(stating, { extensions: oids.length === 0 ? [] : [policies(...oids)] });
    const certificates = [leaf.der, stating.der];
    const verdict = verify({ certificates, crls: [], policy: { explicit } }, environment);
    return [verdict.code, verdict.policies];
  };
  // The first request is what makes the CA known.
  expect(verdictOf(['1.2.3.1'], false)).toEqual(['OK', ['1.2.3.1']]);
  expect(verdictOf(['1.2.3.1'], false)).toEqual(['OK', ['1.2.3.1']]);
  expect(verdictOf(['1.2.3.2'], false)).toEqual(['OK', ['1.2.3.2']]);
  expect(verdictOf([], false)).toEqual(['OK', []]);
  expect(verdictOf([], true)).toEqual(['NO_VALID_POLICY', []]);
  expect(verdictOf([], true)).toEqual(['NO_VALID_POLICY', []]);
  expect(verdictOf(['1.2.3.1'], true)).toEqual(['OK', ['1.2.3.1']]);
});

test('a CA bounds the purposes below it in each request anew', () => {
  const bounding = createIntermediate(root, {
    subject: 'Mail CA',
    extensions: [ext.extendedKeyUsage(OID.emailProtection)],
  });
  const environment = environmentOf({ anchors: [root], profile: { rules: BASE_RULES.webpki } });
  const leaf = createCertificate({ subject: 'for any purpose', issuer: bounding });
  const codeOf = (purpose: string): string =>
    verify({ certificates: [leaf.der, bounding.der], crls: [], purpose }, environment).code;
  const purposes = ['emailProtection', 'emailProtection', 'serverAuth', 'serverAuth', 'emailProtection'];
  expect(purposes.map(codeOf)).toEqual(['OK', 'OK', 'PURPOSE', 'PURPOSE', 'OK']);
});
