import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../test/pki/pki.js';

/**
 * Makes a small PKI and a configuration for it: tsx scripts/demo-pki.ts FOLDER. Root, intermediate, a good and a
 * revoked leaf, and a CRL of each CA, since every certificate of a path but its anchor is asked for revocation.
 */
const [folder = 'scratch/demo'] = process.argv.slice(2);
const target = resolve(folder);
const DAY = 86_400_000;
const validity = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 365 * DAY) };

const root = createRoot({ ...validity, subject: 'Demo Root CA' });
const intermediate = createIntermediate(root, { ...validity, subject: 'Demo Issuing CA', pathLength: 0 });
const good = createLeaf(intermediate, { ...validity, dns: ['good.example'] });
const revoked = createLeaf(intermediate, { ...validity, dns: ['revoked.example'] });
const rootCrl = createCrl(root);
const intermediateCrl = createCrl(intermediate, { revoked: [{ serial: revoked.serial }] });

const CONFIGURATION = `# The demo's server. Paths are relative to this file.
listeners:
  - address: unix:run/pkixd.sock
trust.anchors: [root.pem]
crl.directory: crls
run.directory: run
log.directory: logs
`;

mkdirSync(join(target, 'crls'), { recursive: true });
const files = {
  'root.pem': root.pem,
  'good.pem': good.pem + intermediate.pem,
  'revoked.pem': revoked.pem + intermediate.pem,
  'crls/root.crl': rootCrl.pem,
  'crls/intermediate.crl': intermediateCrl.pem,
  'pkixd.config.yaml': CONFIGURATION,
};
for (const [name, content] of Object.entries(files)) writeFileSync(join(target, name), content);
