import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { environmentPath } from '../../../src/crl/store/environment-files.js';
import { parseCrl } from '../../../src/x509/crl.js';
import { type BigCrl, createBigCrl } from '../../pki/big-crl.js';
import { createRoot } from '../../pki/pki.js';
import { openScene, scratchFolder } from './store-scene.js';

const ENTRY = new URL('ingesting-process.mjs', import.meta.url).pathname;
/** Blocks of 512 octets that a file of the process may grow to: beyond it a write fails as on a full disk. */
const BLOCKS = 4096;

const root = createRoot({ subject: 'Full Root' });
const crlOf = (number: number, count: number): BigCrl =>
  createBigCrl(root, {
    count,
    number,
    thisUpdate: new Date(Date.now() - 86_400_000 + number * 1000),
    nextUpdate: new Date(Date.now() + 86_400_000),
  });

test.each([
  ['', 0],
  [', whole', 1],
])(
  'on a full disk a CRL is refused with a reason, what is stored stays, and smaller ones are stored again%s',
  async (whole, files) => {
    const [dataDirectory, folder] = [scratchFolder(), scratchFolder()];
    const crls = [crlOf(1, 2000), crlOf(2, 200_000), crlOf(3, 2000)];
    for (const [index, { der }] of crls.entries()) writeFileSync(join(folder, `${index + 1}.crl`), der);
    writeFileSync(join(folder, 'spki'), root.key.spki);
    const child = spawn(
      'sh',
      [
        '-c',
        `ulimit -f ${BLOCKS}; exec "$@"`,
        'sh',
        process.execPath,
        ENTRY,
        dataDirectory,
        folder,
        '1',
        '3',
        whole,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    expect(lines).toEqual([
      'open',
      'stored 1 ',
      expect.stringMatching(/^refused 2 .*is there room on the disk/),
      'stored 3 ',
    ]);
    const kept = readdirSync(environmentPath(dataDirectory)).filter((name) => name.endsWith('.der'));
    expect(kept).toHaveLength(files);
    const scene = await openScene({ dataDirectory });
    const { issuer } = parseCrl(crls[0]!.der);
    const [found] = scene.store.find(issuer);
    expect(found?.crl.number).toBe(3n);
    for (let index = 0; index < 2000; index++) {
      expect(found?.crl.find(crls[2]!.serial(index), issuer)).toBeDefined();
      expect(found?.crl.find(crls[2]!.absent(index), issuer)).toBeUndefined();
    }
    expect(await scene.ingest(crls[1]!.der, root)).toMatchObject({ kind: 'notNewer' });
    await scene.close();
    for (const path of [dataDirectory, folder]) rmSync(path, { recursive: true });
  },
);
