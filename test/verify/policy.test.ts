import { expect, test } from '@jest/globals';
import type { PolicyInputs } from '../../src/wire/request.js';
import { OID } from '../../src/x509/oid.js';
import * as der from '../pki/der-builder.js';
import * as ext from '../pki/extensions.js';
import { newKey } from '../pki/keys.js';
import { createCertificate, createIntermediate, createRoot, type Issued } from '../pki/pki.js';
import { ask } from './scene.js';

const ANY = OID.anyPolicy;
const [A, B, C] = ['1.2.3.1', '1.2.3.2', '1.2.3.3'] as const;

const policies = (...oids: readonly string[]): der.Der =>
  ext.extension(OID.certificatePolicies, der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))));
const mappings = (...pairs: readonly (readonly [string, string])[]): der.Der =>
  ext.extension(
    OID.policyMappings,
    der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))),
  );
const octet = (value: number): der.Der => der.raw(value);
const requireExplicit = (skip: number): der.Der =>
  ext.extension(OID.policyConstraints, der.sequence(der.implicit(0, octet(skip))), true);
const inhibitMapping = (skip: number): der.Der =>
  ext.extension(OID.policyConstraints, der.sequence(der.implicit(1, octet(skip))), true);
const inhibitAny = (skip: number): der.Der => ext.extension(OID.inhibitAnyPolicy, der.integer(skip), true);

const root = createRoot();

/** CAs from the root down, each with its name and extensions, and a leaf with its own. Names repeat: self-issued. */
interface Path {
  readonly cas: readonly (readonly [name: string, ...extensions: readonly der.Der[]])[];
  readonly leaf?: readonly der.Der[];
  readonly input?: PolicyInputs;
}

interface Outcome {
  readonly code: string;
  readonly policies: readonly string[];
}

function judge({ cas, leaf = [], input = {} }: Path): Outcome {
  const path: Issued[] = [root];
  for (const [subject, ...extensions] of cas) {
    path.push(createIntermediate(path.at(-1)!, { subject, key: newKey('p-256'), extensions }));
  }
  const child = createCertificate({ issuer: path.at(-1)!, subject: 'leaf', extensions: leaf });
  const { code, policies: found } = ask({ anchors: [root] }, [child, ...path.slice(1)], { policy: input });
  return { code, policies: found };
}

const OK = (...found: readonly string[]): Outcome => ({ code: 'OK', policies: found });
const NONE: Outcome = { code: 'NO_VALID_POLICY', policies: [] };
const explicit = { explicit: true } as const;

const CASES: readonly (readonly [claim: string, path: Path, outcome: Outcome])[] = [
  ['a policy of all certificates holds', { cas: [['CA', policies(A, B)]], leaf: [policies(A, C)] }, OK(A)],
  ['none need hold', { cas: [['CA', policies(A)]], leaf: [policies(B)] }, OK()],
  [
    'one must where the request says so',
    { cas: [['CA', policies(A)]], leaf: [policies(B)], input: explicit },
    NONE,
  ],
  ['a certificate without policies ends them', { cas: [['CA']], leaf: [policies(A)], input: explicit }, NONE],
  [
    'the policies asked for are a filter',
    { cas: [['CA', policies(A, B)]], leaf: [policies(A, B)], input: { initial: [B, C], explicit: true } },
    OK(B),
  ],
  [
    'anyPolicy takes what the leaf says',
    { cas: [['CA', policies(ANY)]], leaf: [policies(A)], input: explicit },
    OK(A),
  ],
  [
    'anyPolicy throughout is what is asked for',
    { cas: [['CA', policies(ANY)]], leaf: [policies(ANY)], input: { initial: [A], explicit: true } },
    OK(A),
  ],
  ['anyPolicy throughout is anyPolicy', { cas: [['CA', policies(ANY)]], leaf: [policies(ANY)] }, OK(ANY)],
  [
    "the leaf's anyPolicy takes what the CA says",
    { cas: [['CA', policies(A)]], leaf: [policies(ANY)], input: explicit },
    OK(A),
  ],

  [
    'inhibitAnyPolicy 0 ends anyPolicy below',
    { cas: [['CA', policies(ANY), inhibitAny(0)]], leaf: [policies(ANY)], input: explicit },
    NONE,
  ],
  [
    'inhibitAnyPolicy 0 leaves named policies',
    { cas: [['CA', policies(ANY), inhibitAny(0)]], leaf: [policies(A)], input: explicit },
    OK(A),
  ],
  [
    'inhibitAnyPolicy 1 skips one certificate',
    {
      cas: [
        ['CA', policies(ANY), inhibitAny(1)],
        ['Sub', policies(ANY)],
      ],
      leaf: [policies(A)],
      input: explicit,
    },
    OK(A),
  ],
  [
    'and no second one',
    {
      cas: [
        ['CA', policies(A), inhibitAny(1)],
        ['Sub', policies(ANY)],
      ],
      leaf: [policies(ANY)],
      input: explicit,
    },
    NONE,
  ],
  [
    'a self-issued CA may say anyPolicy all the same',
    {
      cas: [
        ['CA', policies(A), inhibitAny(0)],
        ['CA', policies(ANY)],
      ],
      leaf: [policies(A)],
      input: explicit,
    },
    OK(A),
  ],
  [
    'and is not counted',
    {
      cas: [
        ['CA', policies(A), inhibitAny(1)],
        ['CA', policies(A)],
        ['Sub', policies(ANY)],
      ],
      leaf: [policies(A)],
      input: explicit,
    },
    OK(A),
  ],
  [
    'a self-issued leaf may not',
    { cas: [['leaf', policies(A), inhibitAny(0)]], leaf: [policies(ANY)], input: explicit },
    NONE,
  ],
  [
    'anyPolicy may be inhibited from the start',
    { cas: [['CA', policies(ANY)]], leaf: [policies(A)], input: { inhibitAny: true, explicit: true } },
    NONE,
  ],

  [
    'requireExplicitPolicy 0 holds from the next certificate on',
    { cas: [['CA', policies(A), requireExplicit(0)]], leaf: [] },
    NONE,
  ],
  [
    'requireExplicitPolicy 1 skips one, and the leaf still counts',
    { cas: [['CA', policies(A), requireExplicit(1)]], leaf: [policies(B)] },
    NONE,
  ],
  [
    'requireExplicitPolicy 2 is beyond the leaf',
    { cas: [['CA', policies(A), requireExplicit(2)]], leaf: [policies(B)] },
    OK(),
  ],
  [
    'self-issued CAs are not counted',
    {
      cas: [
        ['CA', policies(A), requireExplicit(2)],
        ['CA', policies(A)],
      ],
      leaf: [policies(B)],
    },
    OK(),
  ],
  [
    'others are',
    {
      cas: [
        ['CA', policies(A), requireExplicit(2)],
        ['Sub', policies(A)],
      ],
      leaf: [policies(B)],
    },
    NONE,
  ],
  [
    'the leaf itself may require one',
    { cas: [['CA', policies(A)]], leaf: [policies(B), requireExplicit(0)] },
    NONE,
  ],
  ['but only with 0', { cas: [['CA', policies(A)]], leaf: [policies(B), requireExplicit(1)] }, OK()],
  [
    'the smallest of several counts',
    {
      cas: [
        ['CA', policies(A), requireExplicit(1)],
        ['Sub', policies(A), requireExplicit(9)],
      ],
      leaf: [policies(B)],
    },
    NONE,
  ],

  [
    'a mapped policy goes by its new name below, and by the old one in the outcome',
    { cas: [['CA', policies(A), mappings([A, B])]], leaf: [policies(B)], input: explicit },
    OK(A),
  ],
  [
    'its old name means nothing below',
    { cas: [['CA', policies(A), mappings([A, B])]], leaf: [policies(A)], input: explicit },
    NONE,
  ],
  [
    'one policy may become two',
    { cas: [['CA', policies(A), mappings([A, B], [A, C])]], leaf: [policies(C)], input: explicit },
    OK(A),
  ],
  [
    'and two one',
    { cas: [['CA', policies(A, B), mappings([A, C], [B, C])]], leaf: [policies(C)], input: explicit },
    OK(A, B),
  ],
  [
    'what anyPolicy stands for may be mapped',
    {
      cas: [['CA', policies(ANY), mappings([A, B])]],
      leaf: [policies(B)],
      input: { initial: [A], explicit: true },
    },
    OK(A),
  ],
  [
    'what the CA does not have is not mapped',
    { cas: [['CA', policies(C), mappings([A, B])]], leaf: [policies(B)], input: explicit },
    NONE,
  ],
  [
    'mapping may be inhibited from the start',
    {
      cas: [['CA', policies(A), mappings([A, B])]],
      leaf: [policies(B)],
      input: { inhibitMapping: true, explicit: true },
    },
    NONE,
  ],
  [
    'and then ends the policy under its old name too',
    {
      cas: [['CA', policies(A), mappings([A, B])]],
      leaf: [policies(A)],
      input: { inhibitMapping: true, explicit: true },
    },
    NONE,
  ],
  [
    'inhibitPolicyMapping 0 holds from the next CA on',
    {
      cas: [
        ['CA', policies(A), inhibitMapping(0)],
        ['Sub', policies(A), mappings([A, B])],
      ],
      leaf: [policies(B)],
      input: explicit,
    },
    NONE,
  ],
  [
    'not for the one that says it',
    { cas: [['CA', policies(A), mappings([A, B]), inhibitMapping(0)]], leaf: [policies(B)], input: explicit },
    OK(A),
  ],
  [
    'inhibitPolicyMapping 1 skips one',
    {
      cas: [
        ['CA', policies(A), inhibitMapping(1)],
        ['Sub', policies(A), mappings([A, B])],
      ],
      leaf: [policies(B)],
      input: explicit,
    },
    OK(A),
  ],
  [
    'and does not count self-issued CAs',
    {
      cas: [
        ['CA', policies(A), inhibitMapping(1)],
        ['CA', policies(A)],
        ['Sub', policies(A), mappings([A, B])],
      ],
      leaf: [policies(B)],
      input: explicit,
    },
    OK(A),
  ],
  [
    'a swap of two policies keeps both apart',
    { cas: [['CA', policies(A, B), mappings([A, B], [B, A])]], leaf: [policies(A)], input: explicit },
    OK(B),
  ],
];

test.each(CASES)('%s', (_claim, path, outcome) => {
  expect(judge(path)).toEqual(outcome);
});

test.each([
  ['to anyPolicy', mappings([A, ANY])],
  ['from anyPolicy', mappings([ANY, A])],
])('a mapping %s is refused though no policy is asked for', (_what, mapping) => {
  expect(judge({ cas: [['CA', policies(A, ANY), mapping]], leaf: [policies(A)] }).code).toBe(
    'MAPPING_ANY_POLICY',
  );
});
