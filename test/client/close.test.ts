import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Demo, demo } from '../server/demo.js';
import { TestServer } from '../server/test-server.js';

const run = promisify(execFile);
const CLIENT = pathToFileURL('dist/client/index.js').href;
let pki: Demo;
let server: TestServer;

beforeAll(async () => {
  pki = demo();
  server = await TestServer.start({
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
});

/** What a program of its own prints; a promise that never settles ends it with code 13. */
async function outputOf(lines: string): Promise<string> {
  const program = `
    import { readFileSync } from 'node:fs';
    import { Client } from ${JSON.stringify(CLIENT)};
    const certificates = [${JSON.stringify(pki.path('good.pem'))}, ${JSON.stringify(pki.path('intermediate.pem'))}].map((file) => readFileSync(file));
    const ask = (client, options) => client.verify({ certificates }, options);
    ${lines}
    console.log('closed');`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    timeout: 120_000,
  });
  return stdout;
}

test('a program that closes a client with several connections, and awaits that, goes on', async () => {
  const program = `
    for (let round = 0; round < 20; round++) {
      const client = new Client(${JSON.stringify(server.msgpack)}, { maxConnections: 4, timeout: 60_000 });
      await Promise.all(Array.from({ length: 200 }, () => ask(client)));
      await client.close();
    }`;
  expect(await outputOf(program)).toBe('closed\n');
});

test('so does one whose calls do not keep it alive, while they are answered', async () => {
  const program = `
    const client = new Client(${JSON.stringify(server.msgpack)}, { maxConnections: 4, timeout: 60_000, unref: true });
    let answered = 0;
    void ask(client).then(() => answered++);
    while (answered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let n = 0; n < 200; n++) void ask(client).catch(() => undefined);
    await client.close();`;
  expect(await outputOf(program)).toBe('closed\n');
});
