// Serves the CRLs of the demo PKI on loopback: node scripts/demo-crl-server.mjs FOLDER PORT
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [folder = 'scratch/demo/published', port = '0'] = process.argv.slice(2);

const server = createServer((request, response) => {
  const name = basename(new URL(request.url, 'http://127.0.0.1').pathname);
  console.log(`${request.method} ${request.url}`);
  readFile(join(folder, name)).then(
    (crl) => response.writeHead(200, { 'content-type': 'application/pkix-crl' }).end(crl),
    () => response.writeHead(404).end(),
  );
});
server.listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
