/**
 * Who may import whom (docs/architecture.md): core <- params, math <- vision, model, planning, timeline <- control <- pipeline <- ros <- cli.
 */

const CORE = ['core'];
const BASE = [...CORE, 'params', 'math'];

/** Rooms that each room may import from, its own aside. */
const MAY_IMPORT = {
  core: [],
  params: CORE,
  math: CORE,
  vision: BASE,
  model: BASE,
  planning: BASE,
  timeline: [...CORE, 'math'],
  control: [...BASE, 'timeline'],
  pipeline: [...BASE, 'timeline', 'control'],
  ros: [...BASE, 'vision', 'timeline', 'control', 'pipeline'],
};

/** Libraries that one room alone imports. */
const OWNED_LIBRARIES = {
  rclnodejs: {
    room: 'ros',
    why: 'ROS stays behind one folder, so that everything else runs and is tested without it',
  },
  'onnxruntime-node': {
    room: 'model',
    why: 'its runs block their thread: only the planner worker may own sessions',
  },
  'fast-xml-parser': { room: 'control', why: 'the URDF is read in one place, where the limits are kept' },
  '@bufbuild/protobuf': { room: 'model', why: 'ONNX files are read and written where graphs are compiled' },
  mathjs: {
    room: 'planning|params',
    why: 'it reads what users write, expressions and quantities with units, and evaluates nothing',
  },
  yaml: { room: 'params', why: 'parameter files are read in one place' },
  'pure-rand': { room: 'math', why: 'chance comes from the seeded noise of the math room' },
  rxjs: { room: 'pipeline|ros', why: 'streams are wired in the pipeline; the ROS room feeds them' },
};

const roomRules = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} may import ${allowed.length === 0 ? 'no other room' : `${allowed.join(', ')} alone`}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const libraryRules = Object.entries(OWNED_LIBRARIES).map(([library, { room, why }]) => ({
  name: `only-${room.replace('|', '-or-')}-imports-${library}`,
  comment: why,
  severity: 'error',
  from: { path: '^src/', pathNot: `^src/(${room})/` },
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
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'src-imports-src',
      comment: 'the product does not need its tests or its tools',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|scripts|bench|training|sim)/' },
    },
    {
      name: 'no-development-packages',
      comment: 'an installed node has no development packages',
      severity: 'error',
      from: { path: '^src/' },
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
