import type { ActionSpec } from '../core/model-spec.js';
import type { WrittenManifest } from './manifest-schema.js';

/** Fills in what a manifest may leave out of its action; bounds become those of raw actions. */
export function completeAction(written: WrittenManifest['action']): ActionSpec {
  const { kind, joints, unit, periodMs, block, mean, std, gripper = null, endEffector = null } = written;
  const names = written.names ?? joints;
  const raw = (bounds: readonly number[]): readonly number[] =>
    written.boundsIn === 'raw'
      ? bounds
      : bounds.map((bound, i) => bound * (std[i] ?? NaN) + (mean[i] ?? NaN));
  return {
    kind,
    joints: gripper === null || joints.includes(gripper.joint) ? joints : [...joints, gripper.joint],
    names,
    unit,
    periodMs,
    block,
    mean,
    std,
    lower: raw(written.lower),
    upper: raw(written.upper),
    frozen: written.frozen ?? names.map(() => null),
    deadBand: written.deadBand ?? names.map(() => 0),
    endEffector,
    gripper,
  };
}
