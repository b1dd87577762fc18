import type { ActionSemantics } from '../../core/ports.js';
import { jointLimits, limitOptions } from '../../robot/joint-limits.js';
import { Proprioception } from '../../robot/proprioception.js';
import { createActionSemantics } from '../../robot/action-semantics.js';
import { parseUrdf } from '../../robot/urdf.js';
import type { Urdf } from '../../robot/urdf.js';
import type { ModelInfo } from '../../core/model-info.js';
import type { JointLimit } from '../../core/types.js';
import type { Parameters } from '../../params/schema.js';
import { commandsEfforts } from '../../safety/command-settings.js';

/** The robot of a session: its description, read for the joints of the model. */
export interface RobotModel {
  readonly urdf: Urdf;
  /** Of the joints that the model acts on. */
  readonly limits: readonly JointLimit[];
  readonly semantics: ActionSemantics;
  /** If the model takes proprioception. */
  readonly proprioception?: Proprioception;
}

/**
 * Reads a robot description for the joints of a model.
 *
 * @param description URDF, as text
 * @param values parameters `limits.*`, and whether efforts are commanded
 * @throws JepaMpcError `urdf.*`
 */
export function readRobot(model: ModelInfo, description: string, values: Parameters): RobotModel {
  const urdf = parseUrdf(description);
  const limits = jointLimits(urdf, model.joints, limitOptions(values, commandsEfforts(values)));
  const { planning, proprioception: fields, joints } = model;
  return {
    urdf,
    limits,
    semantics: createActionSemantics(planning.action, limits, urdf),
    ...(fields.length > 0 && { proprioception: new Proprioception(fields, joints, urdf) }),
  };
}
