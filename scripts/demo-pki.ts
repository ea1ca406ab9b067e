import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { crlDistributionPoints } from '../test/pki/extensions.js';
import { createCrl, createIntermediate, createLeaf, createRoot } from '../test/pki/pki.js';

/**
 * Makes a small PKI and a configuration for it: tsx scripts/demo-pki.ts FOLDER. Root, intermediate, a good and a
 * revoked leaf, and a CRL of each CA, since every certificate of a path but its anchor is asked for revocation. The
 * CRLs are for scripts/demo-crl-server.mjs to serve, at the loopback port that stands in FOLDER/crl-port.
 */
const [folder = 'scratch/demo'] = process.argv.slice(2);
const target = resolve(folder);
const DAY = 86_400_000;
const portFile = join(target, 'crl-port');
// A demo made before is served at its port still.
const port = existsSync(portFile) ? readFileSync(portFile, 'utf8').trim() : String(await freePort());
const validity = { notBefore: new Date(Date.now() - DAY), notAfter: new Date(Date.now() + 365 * DAY) };

const root = createRoot({ ...validity, subject: 'Demo Root CA' });
const point = (name: string) => ({ extensions: [crlDistributionPoints(`http://127.0.0.1:${port}/${name}`)] });
const intermediate = createIntermediate(root, {
  ...validity,
  ...point('root.crl'),
  subject: 'Demo Issuing CA',
  pathLength: 0,
});
const good = createLeaf(intermediate, { ...validity, ...point('intermediate.crl'), dns: ['good.example'] });
const revoked = createLeaf(intermediate, {
  ...validity,
  ...point('intermediate.crl'),
  dns: ['revoked.example'],
});
const rootCrl = createCrl(root);
const intermediateCrl = createCrl(intermediate, { revoked: [{ serial: revoked.serial }] });

const CONFIGURATION = `# The demo's server. Paths are relative to this file.
listeners:
  - address: unix:run/pkixd.sock
trust.anchors: [root.pem]
crl.allow: ['127.0.0.1:${port}'] # where its CRLs are; by default only public addresses are asked
run.directory: run
log.directory: logs
data.directory: data
`;

mkdirSync(join(target, 'published'), { recursive: true });
const files = {
  'root.pem': root.pem,
  'good.pem': good.pem + intermediate.pem,
  'revoked.pem': revoked.pem + intermediate.pem,
  'published/root.crl': rootCrl.der,
  'published/intermediate.crl': intermediateCrl.der,
  'crl-port': `${port}\n`,
  'pkixd.config.yaml': CONFIGURATION,
};
for (const [name, content] of Object.entries(files)) writeFileSync(join(target, name), content);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
