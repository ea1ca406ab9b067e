/** Tests run as ES modules; forks and threads run from dist, which the global set-up builds. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  globalSetup: '<rootDir>/test/global-setup.js',
  // Far beyond what any needs: a wait that ends in vain says itself for what, and sooner.
  testTimeout: 240_000,
  // Most tests wait for processes and sockets: one file on each core, the test runner's own included.
  maxWorkers: '100%',
};
