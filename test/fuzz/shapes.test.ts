// @slow: runs for long and seldom breaks, so that one version of Node is enough.
import { expect, test } from '@jest/globals';
import { SHAPES } from '../../fuzz/shapes.js';
import { environmentOf } from '../../fuzz/targets.js';
import { verify } from '../../src/verify/verify.js';

test.each(SHAPES)('$name is bounded, or refused: $codes', ({ codes, request }) => {
  expect(codes).toContain(verify(request(), environmentOf('rfc5280')).code);
});
