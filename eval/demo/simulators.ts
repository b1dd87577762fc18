/** Every simulator that the demo can be run in. */
export const SIMULATOR_NAMES = ['mujoco', 'gazebo'] as const;

export type SimulatorName = (typeof SIMULATOR_NAMES)[number];

/** What the demo has to know of a simulator; to the planner node they are all the same. */
export interface Simulator {
  /** Also its folder in `sim`. */
  readonly name: SimulatorName;
  readonly title: string;
  /** Name of its ROS node. */
  readonly node: string;
  /** Python module that starts it. */
  readonly module: string;
  /** Whether it takes `--viewer`. */
  readonly hasViewer: boolean;
  /** Whether its stamps are simulated time also in real time, so that others have to follow `/clock`. */
  readonly hasOwnClock: boolean;
}

export const SIMULATORS: Readonly<Record<SimulatorName, Simulator>> = {
  mujoco: {
    name: 'mujoco',
    title: 'MuJoCo',
    node: 'mujoco_sim',
    module: 'jepa_mpc_mujoco',
    hasViewer: true,
    hasOwnClock: false,
  },
  gazebo: {
    name: 'gazebo',
    title: 'Gazebo Classic',
    node: 'gazebo_sim',
    module: 'jepa_mpc_gazebo',
    hasViewer: false,
    hasOwnClock: true,
  },
};

/** Options of every simulator that make the robot or its camera imperfect; sim/common/jepa_mpc_sim/imperfections.py says what each does. */
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

/** An option of the planner node: each plan is handed out this much later. */
const PLAN_DELAY = 'plan-delay-ms';

export const IMPERFECTIONS = [...SIMULATED_IMPERFECTIONS, PLAN_DELAY] as const;

export function isImperfection(name: string): name is (typeof IMPERFECTIONS)[number] {
  return (IMPERFECTIONS as readonly string[]).includes(name);
}

/** Whether an imperfection, `name=value`, is one of the planner node and not of the simulator. */
export function isPlanDelay(assignment: string): boolean {
  return assignment.startsWith(`${PLAN_DELAY}=`);
}
