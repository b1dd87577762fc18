import { f32 } from '../core/array-access.js';
import { JepaMpcError } from '../core/errors.js';
import { listedIn } from '../core/names.js';
import type { ActionSpec } from '../core/model-spec.js';
import { choice, dynamic, integer, text, type ValuesOf } from '../core/parameter.js';
import { ActionBounds } from '../core/action-bounds.js';

export const actionConstraintParameters = {
  'actions.repeat': dynamic(
    integer({ min: 0, max: 100, default: 0 }),
    '1',
    'Control periods that each sampled action is held for; 0 takes the model’s default, or 1.',
  ),
  'actions.ball': dynamic(
    choice(['none', 'l1', 'l2'], 'none'),
    '',
    'Ball that the actions of one period stay in, besides their bounds: the norm over the joints is at most 1, counted in halves of their ranges and from the action that leaves the robot at rest.',
  ),
  'actions.frozen': dynamic(
    text(),
    '',
    'Joints that are not planned but held at an action, such as "elbow=0, wrist=0.5". Empty: none.',
  ),
};

export type ActionConstraintValues = ValuesOf<typeof actionConstraintParameters>;

/** An action this near to a bound counts as at it, as a fraction of half the range: a mean of elites seldom reaches a bound exactly. */
const AT_BOUND = 0.02;

/** The settings that constrain actions. */
export interface ConstraintSettings {
  /** Predictor steps (H), at least 1. */
  readonly horizon: number;
  /** Raw periods that each sampled action is held for (zero-order hold), at least 1. */
  readonly actionRepeat: number;
  /** Ball that the free joints of one period stay in, measured from rest in halves of each joint's range, radius 1. */
  readonly ball: ActionConstraintValues['actions.ball'];
  /** `[J]`: the raw action that a joint is held at, inside its bounds, or null for a joint that is planned. */
  readonly frozen: readonly (number | null)[];
}

/**
 * The constraints of every sequence of a plan, sampled or not: the box of the action bounds, the ball over the free joints of one period, frozen
 * joints, and the committed actions. The robot executes the committed actions in any case, so no other constraint applies to them.
 */
export class ActionConstraints {
  readonly bounds: ActionBounds;
  /** Raw actions in a sequence (K). */
  readonly periods: number;
  /** Values in a sequence: K * J. */
  readonly size: number;
  readonly #ball: ConstraintSettings['ball'];
  readonly #frozen: readonly (number | null)[];
  readonly #repeat: number;
  /** `[J]`: the action of rest, or the nearest that the bounds allow; the centre of the ball. */
  readonly #rest: Float32Array;

  constructor(action: ActionSpec, settings: ConstraintSettings) {
    this.bounds = new ActionBounds(action);
    this.periods = settings.horizon * action.block;
    this.size = this.periods * this.bounds.joints;
    this.#ball = settings.ball;
    this.#frozen = settings.frozen;
    this.#repeat = settings.actionRepeat;
    this.#rest = new Float32Array(this.bounds.joints);
    this.centreOn(this.#rest);
  }

  /**
   * Centres the ball on the action that leaves the robot at rest. For joint positions that is where the robot is by then, so it changes from plan to plan.
   *
   * @param rest raw actions `[≥ J]`, of which the first counts; 0 until it is called
   */
  centreOn(rest: Float32Array): void {
    for (let joint = 0; joint < this.#rest.length; joint++)
      this.#rest[joint] = this.bounds.clamp(f32(rest, joint), joint);
  }

  isFrozen(joint: number): boolean {
    return (this.#frozen[joint] ?? null) !== null;
  }

  /**
   * Moves sequences `[n, K, J]` to the nearest allowed ones, in place: each action into the box, then each period towards rest until it is
   * inside the ball, which leaves its direction.
   *
   * @param committed raw actions `[committed, J]`, put at the front of each
   */
  apply(sequences: Float32Array, committed: Float32Array): void {
    const { joints } = this.bounds;
    for (let start = 0; start < sequences.length; start += joints) {
      for (let joint = 0; joint < joints; joint++) {
        const action = this.#frozen[joint] ?? f32(sequences, start + joint);
        sequences[start + joint] = this.bounds.clamp(action, joint);
      }
      if (this.#ball !== 'none') this.#shrinkIntoBall(sequences, start);
    }
    if (committed.length === 0) return;
    for (let start = 0; start < sequences.length; start += this.size) sequences.set(committed, start);
  }

  /**
   * Holds the first of every `actionRepeat` raw periods through the others of its group (a spline of order zero), in sequences
   * `[n, K, J]`. Groups start behind the committed actions.
   */
  holdFirst(sequences: Float32Array, committed: Float32Array): void {
    const { joints } = this.bounds;
    if (this.#repeat === 1) return;
    for (let start = 0; start < sequences.length; start += this.size) {
      for (let i = committed.length + joints; i < this.size; i++) {
        const period = (i - committed.length - (i % joints)) / joints;
        if (period % this.#repeat > 0) sequences[start + i] = f32(sequences, start + i - joints);
      }
    }
  }

  /** As {@link holdFirst}, with the mean of each group: for a warm start whose old groups lie across the new ones. */
  holdMean(sequence: Float32Array, committed: Float32Array): void {
    const { joints } = this.bounds;
    const groupSize = this.#repeat * joints;
    if (this.#repeat === 1) return;
    for (let start = committed.length; start < this.size; start += groupSize) {
      const end = Math.min(start + groupSize, this.size);
      for (let first = start; first < start + joints; first++) {
        let sum = 0;
        for (let i = first; i < end; i += joints) sum += f32(sequence, i);
        const mean = (sum * joints) / (end - start);
        for (let i = first; i < end; i += joints) sequence[i] = mean;
      }
    }
  }

  /**
   * Share of the planned numbers of a sequence `[K, J]` that are at their bounds, 0 to 1: within {@link AT_BOUND} of them.
   *
   * @param committed raw actions `[committed, J]`, which are not planned, as are those of frozen joints
   */
  shareAtBounds(sequence: Float32Array, committed: Float32Array): number {
    const { joints, lower, upper } = this.bounds;
    let planned = 0;
    let atBounds = 0;
    for (let i = committed.length; i < sequence.length; i++) {
      const joint = i % joints;
      if (this.isFrozen(joint)) continue;
      const action = f32(sequence, i);
      const reach = AT_BOUND * this.bounds.halfRange(joint);
      planned += 1;
      if (action - f32(lower, joint) <= reach || f32(upper, joint) - action <= reach) atBounds += 1;
    }
    return planned === 0 ? 0 : atBounds / planned;
  }

  /** @param start index of the first joint's action of one period */
  #shrinkIntoBall(sequences: Float32Array, start: number): void {
    const { joints } = this.bounds;
    let norm = 0;
    for (let joint = 0; joint < joints; joint++) {
      if (this.isFrozen(joint)) continue;
      const offset = (f32(sequences, start + joint) - f32(this.#rest, joint)) / this.bounds.halfRange(joint);
      norm += this.#ball === 'l1' ? Math.abs(offset) : offset * offset;
    }
    if (this.#ball === 'l2') norm = Math.sqrt(norm);
    if (!(norm > 1)) return;
    for (let joint = 0; joint < joints; joint++) {
      if (this.isFrozen(joint)) continue;
      const rest = f32(this.#rest, joint);
      sequences[start + joint] = rest + (f32(sequences, start + joint) - rest) / norm;
    }
  }
}

/**
 * Reads `actions.frozen`: `"elbow=0, wrist=0.5"`. What the model freezes stays frozen unless another value is given. There are no colons: YAML, and
 * so the ROS command line, would read a mapping.
 *
 * @returns `[J]`: the action that a joint is held at, null for joints that are planned
 * @throws JepaMpcError `params.invalid`
 */
export function frozenEntries(
  entries: string,
  { names, frozen }: Pick<ActionSpec, 'names' | 'frozen'>,
): (number | null)[] {
  const held = new Map<string, number>();
  for (const part of listedIn(entries)) {
    const [name = '', value = ''] = part.split('=').map((piece) => piece.trim());
    const action = value === '' ? NaN : Number(value);
    if (!names.some((known) => known === name) || !Number.isFinite(action)) {
      throw new JepaMpcError('params.invalid', {
        subject: 'parameter actions.frozen',
        found: `"${part}"`,
        expected: `one of ${names.join(', ')}, an equals sign and a number`,
        remedy: `Write for example "${names[0] ?? 'joint'}=0".`,
      });
    }
    held.set(name, action);
  }
  return names.map((name, i) => held.get(name) ?? frozen[i] ?? null);
}
