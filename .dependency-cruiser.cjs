/**
 * Who may import whom (docs/architecture.md, ADR 9). Every room names the rooms that it may import from; imports point one way.
 */

const BASE = ['core', 'math'];
const COMPILER = 'packages/rollout-compiler';

/** Rooms of `src` that each room may import from, besides itself. */
const MAY_IMPORT = {
  core: [],
  math: ['core'],
  timeline: BASE,
  robot: BASE,
  safety: [...BASE, 'timeline', 'robot'],
  perception: BASE,
  model: BASE,
  planning: [...BASE],
  rollout: [...BASE, 'model', 'planning'],
  worker: [...BASE, 'perception', 'model', 'planning', 'rollout'],
  loop: [...BASE, 'timeline', 'robot', 'safety', 'perception', 'planning', 'worker'],
  goals: [...BASE, 'robot', 'safety', 'perception'],
  params: [...BASE, 'robot', 'safety', 'perception', 'planning', 'worker', 'loop', 'goals'],
  'model-check': [...BASE, 'perception', 'model', 'planning', 'rollout', 'worker', 'params'],
  ros: [
    ...BASE,
    'timeline',
    'robot',
    'safety',
    'perception',
    'planning',
    'worker',
    'loop',
    'goals',
    'params',
  ],
};

/** Rooms that may import the compiler, through its index alone. */
const IMPORTS_COMPILER = ['model', 'rollout'];

/** Libraries that a few rooms alone import. */
const OWNED_LIBRARIES = {
  rclnodejs: {
    rooms: 'src/ros|eval/ros',
    why: 'ROS stays behind one folder, so that everything else runs and is tested without it',
  },
  'onnxruntime-node': {
    rooms: 'src/model',
    why: 'its runs block their thread: only the planner worker may own sessions',
  },
  'fast-xml-parser': { rooms: 'src/robot', why: 'the URDF is read in one place' },
  '@bufbuild/protobuf': { rooms: COMPILER, why: 'ONNX files are read and written where graphs are compiled' },
  mathjs: {
    rooms: 'src/planning|src/params',
    why: 'it reads what users write, expressions and quantities with units, and evaluates nothing',
  },
  yaml: { rooms: 'src/params', why: 'parameter files are read in one place' },
  'pure-rand': { rooms: 'src/math', why: 'chance comes from the seeded noise of the math room' },
  rxjs: {
    rooms: 'src/loop|src/perception|src/ros',
    why: 'streams are wired in the loop and the decoder; the ROS room feeds them',
  },
};

const roomRules = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} may import ${allowed.length === 0 ? 'no other room' : `${allowed.join(', ')} alone`}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const libraryRules = Object.entries(OWNED_LIBRARIES).map(([library, { rooms, why }]) => ({
  name: `owners-of-${library}`,
  comment: why,
  severity: 'error',
  from: { path: '^(src|eval|packages)/', pathNot: `^(${rooms})/` },
  to: { path: `(^|node_modules/)${library}(/|$)` },
}));

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'a cycle has no bottom to start reading from',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: { path: '^(src|eval|packages)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'product-needs-no-tools',
      comment: 'the product does not need its tests, its tools or its evaluation',
      severity: 'error',
      from: { path: '^(src|packages)/', pathNot: '^packages/[^/]+/tests/' },
      to: { path: '^(tests|scripts|bench|training|sim|eval)/' },
    },
    {
      name: 'worker-through-its-port',
      comment: 'what runs in the planner process is not loaded into the process that talks to ROS',
      severity: 'error',
      from: { path: '^src/(loop|params|ros)/' },
      to: { path: '^src/worker/', pathNot: '^src/worker/planner-port\\.ts$' },
    },
    {
      name: 'compiler-needs-core-alone',
      comment: 'the compiler is a package of its own: of the product it knows the contracts',
      severity: 'error',
      from: { path: `^${COMPILER}/src/` },
      to: { path: '^src/', pathNot: '^src/core/' },
    },
    {
      name: 'compiler-through-its-index',
      comment: 'the index is the whole public interface of the package',
      severity: 'error',
      from: { path: '^(src|eval)/' },
      to: { path: `^${COMPILER}/`, pathNot: `^${COMPILER}/src/index\\.ts$` },
    },
    {
      name: 'who-compiles',
      comment: `only ${IMPORTS_COMPILER.join(' and ')} know of the compiler`,
      severity: 'error',
      from: { path: '^(src|eval)/', pathNot: `^src/(${IMPORTS_COMPILER.join('|')})/` },
      to: { path: `^${COMPILER}/` },
    },
    {
      name: 'no-development-packages',
      comment: 'an installed node has no development packages',
      severity: 'error',
      from: { path: '^(src|eval|packages)/', pathNot: '^packages/[^/]+/tests/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'core-is-pure',
      comment: 'the contracts need no library',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['npm', 'core'] },
    },
    ...roomRules,
    ...libraryRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
