import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import fc from 'fast-check';
import { OID } from '../../src/x509/oid.js';
import { withComponent } from '../component.js';
import { type Chain, chains, makeChain, type MadeChain } from './model/chain.js';
import { ask, NOW } from './scene.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-openssl-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `openssl verify` says: nothing when it accepts. */
function opensslRefusal(
  { root, certificates: [leaf, ...others], crls }: MadeChain,
  isRevocationAsked: boolean,
): string {
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const all = others.map(({ pem }) => pem).join('');
  const lists = crls.map(({ pem }) => pem).join('');
  const options = { encoding: 'utf8' } as const;
  const words = [
    'verify -x509_strict -policy_check -policy 2.5.29.32.0 -no-CApath -no-CAstore'.split(' '),
    ['-attime', String(Math.floor(NOW / 1000)), '-CAfile', file('root.pem', root.pem)],
    isRevocationAsked ? ['-crl_check_all'] : [],
    all === '' ? [] : ['-untrusted', file('others.pem', all)],
    lists === '' ? [] : ['-CRLfile', file('crls.pem', lists)],
    [file('leaf.pem', leaf!.pem)],
  ];
  const { stdout, stderr, status } = spawnSync('openssl', words.flat(), options);
  return status === 0 ? '' : `${stdout}${stderr}`.replaceAll(folder, '').replaceAll('\n', ' ');
}

function mapsInhibitedAnyPolicy({ links }: Chain): boolean {
  const isInhibited = links.some(({ noAnyPolicyAfter }) => noAnyPolicyAfter !== undefined);
  const mapsOut = links.some(
    ({ policies, mapping }) =>
      mapping !== undefined && policies?.includes(OID.anyPolicy) && !policies.includes(mapping[0]),
  );
  return isInhibited && mapsOut;
}

/** 15 ms each, most of it the start of a process. More, once in a while: PKIXD_CHAINS=2000 */
const RUNS = Number(process.env['PKIXD_CHAINS'] ?? 80);

withComponent('openssl')('a chain is valid exactly when openssl verify -x509_strict accepts it', () => {
  const counts = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(chains, (chain) => {
      const made = makeChain(chain);
      // Two keys of one name: §6.3.3 (f) takes the CRL of either, OpenSSL only that of the key that signed.
      const isRevocationAsked = !chain.links.some(({ selfIssued }) => selfIssued);
      const refusal = opensslRefusal(made, isRevocationAsked);
      counts[refusal === '' ? 'accepted' : 'refused'] += 1;
      const { root, certificates, crls } = made;
      const verdict = ask({ anchors: [root] }, certificates, {
        revocation: isRevocationAsked ? 'hard' : 'off',
        crls: crls.map((crl) => crl.der),
      });
      // §6.1.4 (a) refuses it anywhere; OpenSSL only where it has a policy tree to work it into.
      if (verdict.code === 'MAPPING_ANY_POLICY' && refusal === '') return;
      // §6.1.4 (b) maps out of anyPolicy only where the tree has it; OpenSSL also where it is inhibited.
      if (verdict.code === 'NO_VALID_POLICY' && refusal === '' && mapsInhibitedAnyPolicy(chain)) return;
      const ours = verdict.status === 'valid' ? '' : verdict.code;
      if ((ours === '') !== (refusal === '')) throw new Error(`pkixd: ${ours}; openssl: ${refusal}`);
    }),
    { numRuns: RUNS },
  );
  expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(0);
});
