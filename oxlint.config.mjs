/**
 * The configuration of the lint. Most of it says which folder of `src/` may import which; docs/architecture.md, "Floors
 * and wings", tells why. It is JavaScript, since the lint reads TypeScript on newer versions of Node only.
 */

/** Folders of `src/`, the lowest floor first. A folder imports from lower floors only. */
const FLOORS = [
  ['config', 'wire', 'x509'],
  ['verify'],
  ['crl', 'protocol'],
  ['thread', 'worker', 'supervisor', 'client'],
  ['cli'],
];

/**
 * Rooms: the folders in a folder, the lowest first. A room imports from lower rooms, and from the files that stand
 * directly in its folder, but not from its neighbours in one entry.
 */
const ROOMS = {
  verify: [['keys', 'names', 'rules'], ['path'], ['revocation']],
  crl: [['store', 'fetch'], ['ingest', 'supply'], ['share']],
  worker: [['requests'], ['connection', 'threads']],
  supervisor: [['host'], ['log', 'listen'], ['dispatch'], ['fleet'], ['scale']],
  cli: [['verify', 'server'], ['crl']],
};

/** The verification half: no file of it opens a socket, starts a process, or knows how the server's processes talk. */
const VERIFICATION = new Set(['x509', 'verify', 'crl']);
const PROCESS_MODULES = [
  ...['ipc', 'task', 'control', 'protocol', 'frame', 'message', 'message-reader'].map(
    (name) => `**/wire/${name}.js`,
  ),
  'node:net',
  'node:cluster',
  'node:worker_threads',
];
/** Starts the ingest thread, and speaks to it in frames. */
const INGEST_HANDLE = 'src/crl/ingest-handle.ts';
const ALLOWED_TO_INGEST_HANDLE = ['**/wire/message.js', '**/wire/message-reader.js', 'node:worker_threads'];

/** These do no IO at all. */
const PURE = new Set(['x509', 'verify']);
const IO_MODULES = ['fs', 'fs/promises', 'http', 'https', 'dns', 'child_process'].map(
  (name) => `node:${name}`,
);

/** The server half: a request is an opaque task to it. The main file of each folder connects the two halves. */
const SERVER = new Set(['worker', 'supervisor']);
const CERTIFICATE_FOLDERS = ['x509', 'verify', 'crl', 'protocol'];
const CERTIFICATE_MODULES = ['**/wire/request.js', '**/wire/verdict.js'];

export default {
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'unicorn/catch-error-name': 'error',
    'no-await-in-loop': 'off',
    'no-console': 'error',
    'no-useless-constructor': 'off',
    'import/no-named-as-default-member': 'off',
    'unicorn/require-post-message-target-origin': 'off',
  },
  ignorePatterns: ['dist', 'dist-bench', 'node_modules', 'coverage'],
  overrides: [
    ...FLOORS.flat().flatMap((folder) => ofFolder(folder)),
    restricted(
      ['src/*.ts'],
      FLOORS.flat().map((folder) => ({
        group: [`**/${folder}/**`],
        message: 'Floor 0, the files directly in src/, imports from no folder.',
      })),
    ),
    {
      files: ['src/cli/**', 'bench/**', 'conformance/**', 'fuzz/**', 'test/**', 'scripts/**'],
      rules: { 'no-console': 'off' },
    },
    {
      files: ['test/**'],
      rules: {
        'typescript/no-unsafe-type-assertion': 'off',
        'unicorn/consistent-function-scoping': 'off',
        'import/no-unassigned-import': 'off',
      },
    },
  ],
};

/** Of several overrides the last one counts, so that each repeats what holds for the folder around it. */
function ofFolder(folder) {
  const floor = floorPatterns(folder);
  const half = halfPatterns(folder);
  const overrides = [restricted([`src/${folder}/**`], [...floor, ...half])];
  const rooms = ROOMS[folder] ?? [];
  for (const room of rooms.flat())
    overrides.push(
      restricted([`src/${folder}/${room}/**`], [...floor, ...half, ...roomPatterns(folder, room)]),
    );
  if (SERVER.has(folder)) overrides.push(restricted([`src/${folder}/main.ts`], floor));
  if (INGEST_HANDLE.startsWith(`src/${folder}/`)) {
    const allowed = new Set(ALLOWED_TO_INGEST_HANDLE);
    const group = PROCESS_MODULES.filter((name) => !allowed.has(name));
    overrides.push(restricted([INGEST_HANDLE], [...floor, processPattern(group)]));
  }
  return overrides;
}

function floorPatterns(folder) {
  const floor = FLOORS.findIndex((folders) => folders.some((name) => name === folder));
  const siblings = (FLOORS[floor] ?? []).filter((name) => name !== folder);
  return [
    ...siblings.map((name) => ({
      group: [`**/${name}/**`],
      message: `${folder}/ and ${name}/ are siblings on one floor and do not import each other.`,
    })),
    ...FLOORS.slice(floor + 1)
      .flat()
      .map((name) => ({
        group: [`**/${name}/**`],
        message: `${name}/ stands on a higher floor than ${folder}/.`,
      })),
  ];
}

function halfPatterns(folder) {
  const patterns = [];
  if (VERIFICATION.has(folder)) patterns.push(processPattern(PROCESS_MODULES));
  if (PURE.has(folder)) patterns.push({ group: IO_MODULES, message: `${folder}/ is pure: no IO.` });
  if (SERVER.has(folder))
    patterns.push(
      ...CERTIFICATE_FOLDERS.map((name) => ({
        group: [`**/${name}/**`],
        message: `The server half knows nothing of certificates: only ${folder}/main.ts may import ${name}/.`,
      })),
      { group: CERTIFICATE_MODULES, message: 'The server half knows nothing of certificates.' },
    );
  return patterns;
}

function processPattern(group) {
  return { group, message: 'The verification half knows nothing of sockets or processes.' };
}

/** A room's files import the others as `../room/file.js`. */
function roomPatterns(folder, room) {
  const rooms = ROOMS[folder] ?? [];
  const level = rooms.findIndex((names) => names.includes(room));
  return rooms
    .slice(level)
    .flat()
    .filter((name) => name !== room)
    .map((name) => ({
      group: [`../${name}/**`],
      message: `${folder}/${room}/ does not import ${folder}/${name}/: a room imports from lower rooms only.`,
    }));
}

function restricted(files, patterns) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } };
}
