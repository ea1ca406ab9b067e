import { expect, test } from '@jest/globals';
import { runSuite } from '../../conformance/run-suite.js';
import { readSuite, type Suite } from '../../conformance/suite.js';
import { createChain } from '../verify/scene.js';
import { testWithData } from '../component.js';

/** The ids of the cases that fail among those whose id has one of the prefixes. */
function failures(suite: Suite, prefixes: readonly string[]): string[] {
  const cases = suite.cases.filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)));
  expect(cases.length).toBeGreaterThan(0);
  return runSuite({ ...suite, cases })
    .cases.filter(({ tally }) => tally === 'failed')
    .map(({ id, code }) => `${id} ${code}`);
}

testWithData("real servers' chains hold", 'x509-limbo.json', (path) => {
  expect(failures(readSuite(path), ['limbo::online::'])).toEqual([]);
});

testWithData('PKITS holds whole', 'nist-pkits.json', (path) => {
  expect(failures(readSuite(path), ['pkits-'])).toEqual([]);
});

testWithData('PKITS finds nothing valid that is invalid', 'nist-pkits.json', (path) => {
  const { cases } = runSuite(readSuite(path));
  const accepted = cases.filter(({ expected, got }) => expected === 'invalid' && got === 'valid');
  expect(accepted.map(({ id }) => id)).toEqual([]);
});

const NAME_SUITES = [
  'boringssl-names',
  'excluded-directory-names',
  'name-constraints-made',
  'boringssl-nameconstraints',
  'peer-names',
];

for (const suite of NAME_SUITES) {
  testWithData(`names compare as ${suite} has it`, `${suite}.json`, (path) => {
    expect(failures(readSuite(path), [''])).toEqual([]);
  });
}

testWithData("OpenSSL's OCSP responses count as they should", 'openssl-ocsp.json', (path) => {
  expect(failures(readSuite(path), [''])).toEqual([]);
});

testWithData('the logic of revocation agrees with its suite', 'boringssl-crl.json', (path) => {
  expect(failures(readSuite(path), [''])).toEqual([]);
});

test('a case counts once: passed, failed, skipped or soft', () => {
  const { root, intermediate, leaf } = createChain();
  const base64 = (bytes: Buffer): string => bytes.toString('base64');
  const good = {
    time: null,
    trustAnchors: [base64(root.der)],
    intermediates: [base64(intermediate.der)],
    leaf: base64(leaf.der),
    crls: [],
    expected: 'valid',
    params: {},
  } as const;
  const { counts, cases } = runSuite({
    name: 'made-up',
    digest: '',
    cases: [
      { ...good, id: 'good' },
      { ...good, id: 'wrong', expected: 'invalid' },
      { ...good, id: 'private', params: { rfc5280Plain: false } },
      { ...good, id: 'lenient', expected: 'invalid', params: { soft: true } },
      { ...good, id: 'policies', params: { expectedUserConstrainedPolicySet: ['1.2.3'] } },
    ],
  });
  expect(counts).toEqual({ passed: 1, failed: 2, skipped: 1, divergence: 0, soft: 1 });
  expect(cases.find(({ id }) => id === 'policies')).toMatchObject({ tally: 'failed', code: 'POLICY_SET' });
});
