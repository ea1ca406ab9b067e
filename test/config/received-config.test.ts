import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { receivedConfig } from '../../src/config/received-config.js';

const config = loadConfig({ flags: {}, env: {}, cwd: '/nowhere' });

test('a whole configuration is taken as it is', () => {
  expect(receivedConfig(config)).toEqual(config);
});

test('options that an earlier release did not send have their defaults', () => {
  const { 'queue.max': _, ...earlier } = config;
  expect(receivedConfig(earlier)).toEqual(config);
});

test.each([['listeners'], ['profiles'], ['crl.sources']])('one without %s is refused', (key) => {
  const partial = Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));
  expect(() => receivedConfig(partial)).toThrow('is not complete for this version');
});

test.each([null, undefined, 1, 'text'])('%p is refused', (value) => {
  expect(() => receivedConfig(value)).toThrow('is not complete for this version');
});
