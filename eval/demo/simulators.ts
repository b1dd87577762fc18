/** The simulators that the demo can use. */
export const SIMULATOR_NAMES = ['mujoco', 'gazebo'] as const;

export type SimulatorName = (typeof SIMULATOR_NAMES)[number];

/** What the demo needs to know about a simulator. To the planner node they are all alike. */
export interface Simulator {
  /** Also the name of its folder in `sim`. */
  readonly name: SimulatorName;
  readonly title: string;
  /** Name of its ROS node. */
  readonly node: string;
  /** Python module that starts it. */
  readonly module: string;
  /** Whether it accepts `--viewer`. */
  readonly hasViewer: boolean;
  /** Whether it accepts `--scene`. */
  readonly hasScenes: boolean;
  /** Whether it reports what the robot touches. */
  readonly reportsContacts: boolean;
  /** Whether it stamps with simulated time even in real-time mode, so that other nodes have to follow `/clock`. */
  readonly hasOwnClock: boolean;
}

export const SIMULATORS: Readonly<Record<SimulatorName, Simulator>> = {
  mujoco: {
    name: 'mujoco',
    title: 'MuJoCo',
    node: 'mujoco_sim',
    module: 'jepa_mpc_mujoco',
    hasViewer: true,
    hasScenes: true,
    reportsContacts: true,
    hasOwnClock: false,
  },
  gazebo: {
    name: 'gazebo',
    title: 'Gazebo Classic',
    node: 'gazebo_sim',
    module: 'jepa_mpc_gazebo',
    hasViewer: false,
    hasScenes: false,
    reportsContacts: false,
    hasOwnClock: true,
  },
};

/** Options of every simulator that make the robot or its camera imperfect; sim/common/jepa_mpc_sim/imperfections.py defines each. */
const SIMULATED_IMPERFECTIONS = [
  'camera-shift-m',
  'camera-tilt-deg',
  'brightness',
  'noise',
  'delay-ms',
  'camera-delay-ms',
  'camera-jitter-ms',
  'joint-delay-ms',
  'joint-jitter-ms',
] as const;

/** An option of the planner node: it delays each plan by this much. */
const PLAN_DELAY = 'plan-delay-ms';

export const IMPERFECTIONS = [...SIMULATED_IMPERFECTIONS, PLAN_DELAY] as const;

export function isImperfection(name: string): name is (typeof IMPERFECTIONS)[number] {
  return (IMPERFECTIONS as readonly string[]).includes(name);
}

/** Whether an imperfection, `name=value`, belongs to the planner node rather than to the simulator. */
export function isPlanDelay(assignment: string): boolean {
  return assignment.startsWith(`${PLAN_DELAY}=`);
}
