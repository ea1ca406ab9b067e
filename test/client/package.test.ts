import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demo, type Demo } from '../server/demo.js';
import { TestServer } from '../server/test-server.js';

const run = promisify(execFile);
const MODULES = resolve('node_modules');

let folder: string;
let pki: Demo;
let server: TestServer;

/** A project that has the packed package installed, its dependencies being those of this clone. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pkixd-package-'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await run('tar', ['xzf', join(folder, filename), '-C', folder]);
  mkdirSync(join(folder, 'node_modules'));
  cpSync(join(folder, 'package'), join(folder, 'node_modules/pkixd'), { recursive: true });
  symlinkSync(MODULES, join(folder, 'node_modules/pkixd/node_modules'));
  symlinkSync(join(MODULES, '@types'), join(folder, 'node_modules/@types'));
  pki = demo();
  server = await TestServer.startPatient({
    workers: { count: 1 },
    trust: { anchors: [pki.path('root.pem')] },
    crl: { directory: pki.path('crls') },
  });
});
afterAll(async () => {
  await server.stop();
  pki.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('the packed package is imported by its name, and a process with an idle client ends by itself', async () => {
  writeFileSync(
    join(folder, 'ask.mjs'),
    `import { readFileSync } from 'node:fs';
     import { Client } from 'pkixd';
     const client = new Client(process.argv[2], { timeout: 60_000, connectTimeout: 60_000 });
     const certificates = process.argv.slice(3).map((path) => readFileSync(path, 'utf8'));
     const { status, code } = await client.verify({ certificates });
     console.log(status, code);`,
  );
  const files = [pki.path('revoked.pem'), pki.path('intermediate.pem')];
  const { stdout } = await run(process.execPath, [join(folder, 'ask.mjs'), server.msgpack, ...files], {
    timeout: 60_000,
  });
  expect(stdout).toBe('invalid REVOKED\n');
});

test('its types are enough for a strict project', async () => {
  writeFileSync(
    join(folder, 'ask.ts'),
    `import { AddressError, BusyError, Client, PkixdError, type ServerStatus, type Verdict } from 'pkixd';
     const client = new Client(['unix:/a', 'tls://b:1'], { timeout: 500, tls: { ca: 'PEM' } });
     export async function ask(): Promise<Verdict | number | undefined> {
       try {
         return await client.verify({ certificates: 'PEM', hosts: ['a'], at: new Date() }, { signal: AbortSignal.timeout(5) });
       } catch (error) {
         if (error instanceof BusyError) return error.retryAfter;
         if (error instanceof PkixdError) console.error(error.code);
         throw error;
       }
     }
     export const status: Promise<ServerStatus> = client.status();
     export const isAddressError = (error: unknown): boolean => error instanceof AddressError;
     // @ts-expect-error a request needs certificates
     void client.verify({ hosts: [] });`,
  );
  const tsconfig = {
    compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'es2023', types: ['node'] },
    files: ['ask.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const compiler = join(MODULES, 'typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});
