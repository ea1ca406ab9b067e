import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const SRC = new URL('../../src/', import.meta.url).pathname;
const code = ['verify', 'x509']
  .flatMap((folder) =>
    readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(SRC, folder, file),
    ),
  )
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

/** The lettered steps, up to which letter. */
const STEPS = {
  '6.1.1': 'i',
  '6.1.2': 'k',
  '6.1.3': 'f',
  '6.1.4': 'o',
  '6.1.5': 'g',
  '6.3.3': 'l',
} as const;

const letters = (last: string): string[] =>
  Array.from({ length: last.charCodeAt(0) - 0x60 }, (_, index) => String.fromCharCode(0x61 + index));

test.each(Object.entries(STEPS))('each step of §%s, to (%s), is named where it is taken', (section, last) => {
  const missing = letters(last).filter((letter) => !code.includes(`§${section} (${letter})`));
  expect(missing).toEqual([]);
});

/** Sections with something to check, and the later RFCs that change them. */
const SECTIONS = `
  4.1.1.2 4.1.1.3 4.1.2.1 4.1.2.2 4.1.2.4 4.1.2.5 4.1.2.6 4.1.2.7 4.1.2.8 4.1.2.9
  4.2.1.1 4.2.1.2 4.2.1.3 4.2.1.4 4.2.1.5 4.2.1.6 4.2.1.7 4.2.1.9 4.2.1.10 4.2.1.11 4.2.1.12 4.2.1.13 4.2.1.14
  4.2.1.15 4.2.2.1 4.2.2.2
  5.1.1.2 5.1.2.1 5.1.2.3 5.1.2.4 5.1.2.5 5.1.2.6 5.1.2.7
  5.2.1 5.2.3 5.2.4 5.2.5 5.2.6 5.3.1 5.3.2 5.3.3
  6.1.6 6.3.1 6.3.2 7.1 7.2 7.3 7.4 7.5`
  .trim()
  .split(/\s+/);

test('each section of RFC 5280 with something to check is named, and each RFC that updates it', () => {
  const hasSection = (section: string): boolean =>
    new RegExp(`§${section.replaceAll('.', '\\.')}(?![\\d.]*\\d)`).test(code);
  expect(SECTIONS.filter((section) => !hasSection(section))).toEqual([]);
  const updates = ['RFC 6818', 'RFC 9549', 'RFC 9598', 'RFC 9608', 'RFC 9618'];
  expect(updates.filter((rfc) => !code.includes(rfc))).toEqual([]);
});
