import sharp from 'sharp';
import type { BinaryFrame } from '../../src/dashboard/binary-frame.js';
import type { ServerMessage, Stream } from '../../src/dashboard/protocol.js';

type Message<Type extends ServerMessage['type']> = Extract<ServerMessage, { readonly type: Type }>;

const JOINTS = ['shoulder', 'elbow'];
const PERIOD_MS = 100;
const STEPS = 8;
const CANDIDATES = 40;
const POINTS = 9;
const PICTURES = 24;
const SIZE = 128;
/** Lengths of the links of urdf/reacher.urdf [m]. */
const [UPPER, DISTAL, HEIGHT] = [0.38, 0.32, 0.1];

/** Figures, pictures and motions of a planner that moves an arm to and fro: smooth, and the same in each run. */
export class FakePlanner {
  #tick = 0;
  #plans = 0;
  #pictures: Uint8Array<ArrayBuffer>[] = [];

  readonly streams: Stream[] = [
    ['statistics', 'messages', 'plans'],
    ['joints', 'numbers', 'joints'],
    ['plan', 'numbers', 'plan'],
    ['plan_path', 'numbers', 'path of the plan'],
    ['candidates', 'numbers', 'paths of candidates'],
    ['candidate_actions', 'numbers', 'actions of candidates'],
    ['candidate_costs', 'numbers', 'costs of candidates'],
    ['camera/image', 'picture', 'image'],
    ['goal/image', 'picture', 'goal'],
    ['distance_map/image', 'picture', 'what differs'],
  ].map(([channel = '', kind, title = '']) => ({
    channel,
    kind: kind as Stream['kind'],
    title,
    topic: `/planner_node/${channel}`,
    available: true,
  }));

  readonly robot: Message<'robot'> = {
    type: 'robot',
    version: 1,
    joints: JOINTS.map((name) => ({ name, lower: -2.6, upper: 2.6, velocity: 2, unit: 'rad' })),
    commandKind: 'position',
    periodMs: PERIOD_MS,
  };

  readonly parts: Message<'diagnostics'>['parts'] = [
    {
      part: 'model',
      level: 'ok',
      message: 'loaded',
      values: { period_ms: String(PERIOD_MS), device: 'cpu' },
    },
    { part: 'planner', level: 'ok', message: '19.8 plans a second', values: { late_plans: '2' } },
    {
      part: 'camera image',
      level: 'warn',
      message: 'over 100 ms old',
      values: { rate_hz: '29.7', age_ms: '104' },
    },
    { part: 'motion', level: 'ok', message: '', values: {} },
  ];

  /** Draws the pictures. */
  async prepare(): Promise<void> {
    this.#pictures = await Promise.all(
      Array.from({ length: PICTURES }, (_, index) => picture((2 * Math.PI * index) / PICTURES)),
    );
  }

  /** A JPEG. */
  picture(index: number): Uint8Array<ArrayBuffer> {
    return this.#pictures[index % PICTURES] ?? new Uint8Array();
  }

  /** One more plan. */
  statistics(): Message<'statistics'> {
    const plan = this.#plans++;
    const wave = (periods: number, phase = 0): number => 0.5 + 0.5 * Math.sin(plan / periods + phase);
    const distance = 0.3 + 4 * wave(60, 1);
    const terms = {
      cost_distance: distance,
      cost_action: 0.2 * wave(9),
      cost_smoothness: 0.15 * wave(5),
      cost_limit: 0.05,
    };
    const search = 31 + 6 * wave(3);
    return {
      type: 'statistics',
      stampNs: String(BigInt(plan) * 50_000_000n),
      values: {
        plan_index: plan,
        goal_stamp_ns: 1,
        goal_distance: distance,
        ...terms,
        cost_total: Object.values(terms).reduce((sum, term) => sum + term, 0),
        cost_rest: distance + 0.8,
        best_cost: distance,
        encode_ms: 6 + wave(4),
        search_ms: search,
        plan_ms: search + 8,
        plan_p95_ms: 44,
        frame_age_ms: 78 + 20 * wave(7),
        camera_age_p95_ms: 34,
        frame_to_command_ms: 101 + 10 * wave(5),
        elites_std: 0.3,
        elites_std_by_iteration: [0.9, 0.62 + 0.1 * wave(3), 0.45, 0.3 + 0.08 * wave(2)],
        shown_elites: 6,
        samples: 128,
        iterations: 4,
        late: 0,
        fallbacks: '',
        rollout: 'plan',
        device: 'cpu',
      },
    };
  }

  /** What the channels show now. */
  frames(): BinaryFrame[] {
    const tick = this.#tick++;
    const [shoulder, elbow] = [1.8 * Math.sin(tick / 40), 1.2 * Math.cos(tick / 27)];
    const stampNs = BigInt(tick) * 33_000_000n;
    const numbers = (channel: string, shape: number[], values: number[]): BinaryFrame => ({
      kind: 'numbers',
      channel,
      stampNs,
      shape,
      numbers: Float32Array.from(values),
    });
    const image = (channel: string, index: number): BinaryFrame => ({
      kind: 'picture',
      channel,
      stampNs,
      jpeg: this.picture(index),
    });
    const live = [
      numbers('joints', [3, 2], [shoulder, elbow, 0.4, -0.2, shoulder + 0.05, elbow - 0.04]),
      image('camera/image', tick),
    ];
    if (tick % 3 !== 0) return live;
    const motion = (spread: number): number[][] =>
      Array.from({ length: STEPS }, (_, step) => [
        shoulder + (0.1 + spread) * step,
        elbow - (0.08 - 0.7 * spread) * step,
      ]);
    const path = (spread: number): number[] =>
      [[shoulder, elbow], ...motion(spread)].slice(0, POINTS).flatMap(([a = 0, b = 0]) => tipOf(a, b));
    const spreads = Array.from(
      { length: CANDIDATES },
      (_, index) => 0.012 * index * (index % 2 === 0 ? 1 : -1),
    );
    const actions = [0, ...spreads].flatMap((spread, row) =>
      Array.from({ length: STEPS }, (_, step) => [
        Math.sin((tick + 9 * step) / 30) + spread * (1 + (row % 3)),
        Math.cos((tick + 7 * step) / 25) - spread * (1 + ((row + step) % 2)),
      ]).flat(),
    );
    return [
      ...live,
      numbers('plan', [STEPS, 2], motion(0).flat()),
      numbers('plan_path', [1, POINTS, 3], path(0)),
      numbers('candidates', [CANDIDATES, POINTS, 3], spreads.flatMap(path)),
      numbers('candidate_actions', [CANDIDATES + 1, STEPS, 2], actions),
      numbers('candidate_costs', [CANDIDATES + 1], [0.8, ...spreads.map((_, index) => 1 + index / 10)]),
      image('goal/image', 7),
      image('distance_map/image', 15),
    ];
  }
}

function tipOf(shoulder: number, elbow: number): [number, number, number] {
  const end = shoulder + elbow;
  return [
    UPPER * Math.cos(shoulder) + DISTAL * Math.cos(end),
    UPPER * Math.sin(shoulder) + DISTAL * Math.sin(end),
    HEIGHT,
  ];
}

/** A JPEG of an arm as the camera of the demo sees it, from above. */
async function picture(angle: number): Promise<Uint8Array<ArrayBuffer>> {
  const at = (x: number, y: number): string => `${String(SIZE / 2 + 80 * x)},${String(SIZE / 2 - 80 * y)}`;
  const elbow = [UPPER * Math.cos(angle), UPPER * Math.sin(angle)] as const;
  const [x, y] = tipOf(angle, 0.9);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${String(SIZE)}" height="${String(SIZE)}">
    <rect width="100%" height="100%" fill="#ededE6"/>
    <polyline points="${at(0, 0)} ${at(...elbow)} ${at(x, y)}" fill="none" stroke="#1a40d9" stroke-width="7"/>
    <circle cx="${String(SIZE / 2)}" cy="${String(SIZE / 2)}" r="7" fill="#404047"/>
    <circle cx="${String(SIZE / 2 + 80 * x)}" cy="${String(SIZE / 2 - 80 * y)}" r="6" fill="#0d9926"/></svg>`;
  return new Uint8Array(await sharp(Buffer.from(svg)).jpeg({ quality: 85 }).toBuffer());
}
