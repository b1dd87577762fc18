/**
 * Who may import whom (docs/architecture.md, ADR 9). Every room names the rooms that it may import from; imports point one way.
 */

const BASE = ['core', 'math'];
const COMPILER = 'packages/rollout-compiler';

/** Rooms of `src` that each room may import from, besides itself. */
const MAY_IMPORT = {
  core: [],
  math: ['core'],
  costs: ['core'],
  timeline: BASE,
  robot: BASE,
  safety: [...BASE, 'timeline', 'robot'],
  perception: BASE,
  model: [...BASE, 'costs'],
  planning: [...BASE, 'costs'],
  rollout: [...BASE, 'costs', 'model', 'planning'],
  worker: [...BASE, 'perception', 'model', 'planning', 'rollout'],
  loop: [...BASE, 'timeline', 'robot', 'safety', 'perception', 'planning', 'worker'],
  goals: [...BASE, 'robot', 'safety', 'perception'],
  guide: ['core'],
  recording: [...BASE, 'perception', 'planning', 'worker'],
  params: [...BASE, 'robot', 'safety', 'perception', 'planning', 'worker', 'loop', 'goals', 'recording'],
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
    'guide',
    'recording',
    'params',
  ],
  dashboard: [...BASE, 'robot', 'perception', 'guide', 'params', 'ros'],
};

/** Rooms that may import the compiler, through its index alone. */
const IMPORTS_COMPILER = ['model', 'rollout'];

/** Files of the ROS room that load rclnodejs; the others import its types alone. */
const LOADS_RCLNODEJS = [
  'goals/reach-goal-server',
  'node/(rclnodejs-node|ros-clock|run-node)',
  'observer/observe-node',
  'parameters/(parameter-bridge|parameter-descriptor|parameter-services|startup-parameters)',
  'topics/(qos|qos-overrides|qos-subscription)',
];

/** Libraries that a few rooms alone import. */
const OWNED_LIBRARIES = {
  rclnodejs: {
    rooms: 'src/ros|src/dashboard/ros|eval/ros',
    why: 'ROS stays behind one folder, so that everything else runs and is tested without it',
  },
  'onnxruntime-node': {
    rooms: 'src/model/onnx-runtime',
    why: 'its runs block their thread: only the planner worker may own sessions; and its providers are found only where it is loaded from',
  },
  'fast-xml-parser': { rooms: 'src/robot', why: 'the URDF is read in one place' },
  '@bufbuild/protobuf': { rooms: COMPILER, why: 'ONNX files are read and written where graphs are compiled' },
  mathjs: {
    rooms: 'src/planning|src/params',
    why: 'it reads what users write, expressions and quantities with units, and evaluates nothing',
  },
  '@mcap/core': { rooms: 'src/recording', why: 'recordings are written and read in one place' },
  yaml: { rooms: 'src/params', why: 'parameter files are read in one place' },
  'pure-rand': { rooms: 'src/math', why: 'chance comes from the seeded noise of the math room' },
  '@preact/signals': { rooms: 'src/dashboard/ui', why: 'the state of the page' },
  preact: { rooms: 'src/dashboard/ui', why: 'the page is drawn with it' },
  three: { rooms: 'src/dashboard/ui', why: 'the page shows the robot with it' },
  'urdf-loader': { rooms: 'src/dashboard/ui', why: 'the page shows the robot with it' },
  uplot: { rooms: 'src/dashboard/ui', why: 'the page plots with it' },
  rxjs: {
    rooms: 'src/loop|src/perception|src/timeline|src/ros',
    why: 'streams are wired in the loop and the decoder; the timeline gives ticks, and the ROS room feeds them',
  },
};

/** The page of the dashboard, which has a rule of its own. */
const PAGE = '^src/dashboard/ui/';

const roomRules = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} may import ${allowed.length === 0 ? 'no other room' : `${allowed.join(', ')} alone`}`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: PAGE },
  to: { path: '^src/', pathNot: `^src/(${[room, ...allowed].join('|')})/` },
}));

const libraryRules = Object.entries(OWNED_LIBRARIES).map(([library, { rooms, why }]) => ({
  name: `owners-of-${library}`,
  comment: why,
  severity: 'error',
  from: { path: '^(src|eval|packages)/', pathNot: `^(${rooms})[./]` },
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
      from: { path: '^src/(loop|recording|params|ros)/' },
      to: { path: '^src/worker/', pathNot: '^src/worker/planner-port\\.ts$' },
    },
    {
      name: 'compiler-needs-contracts-alone',
      comment: 'the compiler is a package of its own: of the product it knows the contracts and the costs',
      severity: 'error',
      from: { path: `^${COMPILER}/src/` },
      to: { path: '^src/', pathNot: '^src/(core|costs)/' },
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
    {
      name: 'guide-runs-in-a-browser',
      comment: 'the dashboard gives its advice in the page',
      severity: 'error',
      from: { path: '^src/guide/' },
      to: { dependencyTypes: ['npm', 'core'] },
    },
    {
      name: 'who-loads-rclnodejs',
      comment: `only adapters load the ROS library, so that the rest of the ROS room is tested without it: ${LOADS_RCLNODEJS.join(', ')}`,
      severity: 'error',
      from: { path: '^src/ros/', pathNot: `^src/ros/(${LOADS_RCLNODEJS.join('|')})\\.ts$` },
      to: { path: '(^|node_modules/)rclnodejs(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'page-is-apart',
      comment:
        'the page runs in a browser: of the product it knows the messages of its server, the guide, and what is drawn of a replay',
      severity: 'error',
      from: { path: PAGE },
      to: {
        path: '^src/',
        pathNot:
          '^src/(dashboard/(ui/|((replay-)?protocol|binary-frame)\\.ts$)|recording/what-if-view\\.ts$|guide/|core/)',
      },
    },
    {
      name: 'view-runs-in-a-browser',
      comment: 'the dashboard and the page of jepa-mpc replay draw the same',
      severity: 'error',
      from: { path: '^src/recording/what-if-view\\.ts$' },
      to: { pathNot: '^src/core/' },
    },
    {
      name: 'nobody-imports-the-page',
      comment: 'the server delivers the page as Vite has built it',
      severity: 'error',
      from: { path: '^(src|eval|packages)/', pathNot: PAGE },
      to: { path: PAGE },
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
