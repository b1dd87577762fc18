import { readFileSync } from 'node:fs';

import { JepaMpcError } from '../../core/errors.js';
import type { ActionSemantics } from '../../core/ports.js';
import { jointLimits } from '../../robot/joint-limits.js';
import { limitOptions } from '../../robot/limit-options.js';
import { describedRanges, type DescribedRange } from '../../robot/described-range.js';
import { Proprioception } from '../../robot/proprioception.js';
import { createActionSemantics } from '../../robot/action-semantics.js';
import { parseUrdf } from '../../robot/urdf.js';
import type { Urdf } from '../../robot/urdf.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { JointLimit } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { commandsEfforts } from '../../safety/command-settings.js';
import { MotionCheck } from '../../safety/motion-check.js';

/** The robot of a session: its description, read for the joints of the model. */
export interface RobotModel {
  readonly urdf: Urdf;
  /** Of the joints that the model acts on. */
  readonly limits: readonly JointLimit[];
  /** Of the same joints, before soft limits and margins. */
  readonly ranges: readonly DescribedRange[];
  readonly semantics: ActionSemantics;
  /** Rules of the work space, perhaps none. */
  readonly motionCheck: MotionCheck;
  /** If the model takes proprioception. */
  readonly proprioception?: Proprioception;
}

/**
 * Reads a robot description for the joints of a model.
 *
 * @param description URDF, as text
 * @param values parameters `limits.*` and `workspace.*`, and whether efforts are commanded
 * @throws JepaMpcError `urdf.*`, `srdf.invalid`, `params.invalid` for rules of the work space that do not fit the robot
 */
export function readRobot(model: ModelInfo, description: string, values: Parameters): RobotModel {
  const urdf = parseUrdf(description);
  const limits = jointLimits(urdf, model.joints, limitOptions(values, commandsEfforts(values), model.joints));
  const { planning, proprioception: fields, joints } = model;
  return {
    urdf,
    limits,
    ranges: describedRanges(urdf, model.joints),
    semantics: createActionSemantics(planning.action, limits, urdf),
    motionCheck: new MotionCheck(urdf, joints, values, srdfOf(values)),
    ...(fields.length > 0 && { proprioception: new Proprioception(fields, joints, urdf) }),
  };
}

/** Text of the SRDF; null where none is named. @throws JepaMpcError `params.invalid` for a file that cannot be read */
function srdfOf({ 'workspace.srdf': path }: Parameters): string | null {
  if (path === '') return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new JepaMpcError('params.invalid', {
      subject: 'parameter workspace.srdf',
      found: `${path}: ${error instanceof Error ? error.message : String(error)}`,
      expected: 'an SRDF file that can be read',
      remedy: 'Correct the path, or leave the parameter empty.',
    });
  }
}
