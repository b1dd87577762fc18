import type { ReplayState } from '../../src/dashboard/replay-protocol.js';
import type { Moment, PlanView, WhatIf } from '../../src/recording/what-if-view.js';

const JOINTS = ['shoulder', 'elbow'];
const PERIOD_S = 0.1;
const STEPS = 8;
const MOMENTS = 60;

/** A replay that ends when the test says so: a wave, and the same wave with more iterations. */
export class FakeReplay {
  readonly recordings = ['run 2.mcap', 'run.mcap'].map((name, age) => ({
    name,
    bytes: 12_345_678 - age,
    modifiedMs: 1_790_000_000_000 - 60_000 * age,
  }));
  state: ReplayState | null = null;
  #runs = 0;

  start(recording: string, profile: string | null): ReplayState {
    const run = `run-${String(this.#runs++)}`;
    this.state = { phase: 'running', run, recording, profile, share: 0.42, plans: 25, message: '' };
    return this.state;
  }

  change(change: Partial<ReplayState>): ReplayState {
    if (this.state === null) throw new Error('no replay was started');
    this.state = { ...this.state, ...change };
    return this.state;
  }

  get report(): WhatIf {
    const moments = Array.from({ length: MOMENTS }, (_, index) => momentOf(index));
    return {
      ...{ recording: this.state?.recording ?? '', model: 'reacher', device: 'cpu', cameras: ['image'] },
      ...{ actions: JOINTS, joints: JOINTS.map((name) => ({ name, unit: 'rad' as const })) },
      ...{ periodMs: 1000 * PERIOD_S, isWhatIf: this.state?.profile !== null },
      changed: { 'sampling.iterations': '3 -> 6' },
      ...{ compared: MOMENTS, identical: 0, notes: ['4 plans not compared: an image was not recorded.'] },
      firstDifference: {
        ...{ planIndex: 0, stampNs: '1790000000000000000', what: 'action of step 1, shoulder' },
        ...{ recorded: '0.1', replayed: '0.2' },
      },
      moments,
    };
  }
}

function momentOf(index: number): Moment {
  const plan = (share: number, iterations: number): PlanView => {
    const wave = Math.sin(index / 9);
    const actions = Array.from({ length: STEPS }, (_, step) => [share * wave, share * Math.cos(step / 3)]);
    const motion = [[wave, 0]];
    for (const action of actions)
      motion.push(action.map((value, joint) => (motion.at(-1)?.[joint] ?? 0) + PERIOD_S * value));
    const distance = share * (2 + wave);
    return {
      ...{ cost: distance + 0.1, goalDistance: 2 + wave, searchMs: 8 * iterations, iterations, rests: false },
      ...{ actions, motion, error: null },
      terms: { distance, action: 0.1, total: distance + 0.1, rest: 3 },
    };
  };
  return {
    ...{ timeS: index * PERIOD_S, planIndex: index, stampNs: String(index), committed: 1 },
    ...{ recorded: plan(1, 3), again: plan(0.8, 6) },
  };
}
