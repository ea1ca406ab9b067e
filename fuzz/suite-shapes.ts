import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSuite } from '../conformance/suite.js';
import { CORPORA } from './seeds.js';
import { ask, type Shape } from './shape.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');

/** x509-limbo's pathological cases, where its data is. What they come to is the conformance runner's matter. */
export function suiteShapes(): readonly Shape[] {
  const file = join(CORPORA, '..', 'x509-limbo.json');
  if (!existsSync(file)) return [];
  const cases = readSuite(file).cases.filter(({ id }) => id.includes('pathological'));
  return cases.map(({ id, leaf, intermediates, trustAnchors }) => ({
    name: id,
    codes: undefined,
    request: () => ask([leaf, ...intermediates].map(bytes), trustAnchors.map(bytes)),
  }));
}
