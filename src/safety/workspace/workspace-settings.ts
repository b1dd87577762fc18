import { JepaMpcError } from '../../core/errors.js';
import { END_EFFECTOR_AXES } from '../../core/model-spec.js';
import { nearestName } from '../../core/names.js';
import { parseBoxes, parseHalfSpaces, type PlaneRule } from './plane-rules.js';
import type { WorkspaceValues } from './workspace-parameters.js';

/** Rows of a Jacobian, by the name of the axis. */
const TWIST_AXES = END_EFFECTOR_AXES.slice(0, 6);

/** The texts of the parameters, parsed. */
export interface WorkspaceSettings {
  readonly halfSpaces: readonly PlaneRule[];
  readonly boxes: readonly PlaneRule[];
  /** Rows of the Jacobian that are controlled, in ascending order; empty: none. */
  readonly conditionRows: readonly number[];
}

/**
 * Reads the parameters that do not depend on the robot.
 *
 * @throws JepaMpcError `params.invalid`
 */
export function workspaceSettings(values: WorkspaceValues): WorkspaceSettings {
  const { 'workspace.condition_slow': slow, 'workspace.condition_stop': stop } = values;
  if (slow >= stop) {
    throw new JepaMpcError('params.invalid', {
      subject: 'parameter workspace.condition_slow',
      found: `${String(slow)}, with workspace.condition_stop: ${String(stop)}`,
      expected: 'a smaller number than workspace.condition_stop',
      remedy: 'The robot slows down before it stops: set both at once.',
    });
  }
  return {
    halfSpaces: parseHalfSpaces(values['workspace.half_spaces']),
    boxes: parseBoxes(values['workspace.boxes']),
    conditionRows: axisRows(values['workspace.condition_axes']),
  };
}

function axisRows(text: string): number[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const rows = names.map((name) => TWIST_AXES.findIndex((axis) => axis === name));
  if (rows.includes(-1) || new Set(rows).size < rows.length) {
    throw new JepaMpcError('params.invalid', {
      subject: 'parameter workspace.condition_axes',
      found: `'${text}'`,
      expected: `some of ${TWIST_AXES.join(', ')}, each once`,
      remedy: "Write for example 'x y z', or nothing for actions on joints.",
    });
  }
  return rows.sort((a, b) => a - b);
}

/** The names of the axes of these rows, such as `x y z`. */
export function axisNames(rows: readonly number[]): string {
  return rows.map((row) => TWIST_AXES[row]).join(' ');
}

/**
 * The index of a link that a parameter names.
 *
 * @param links of the robot
 * @throws JepaMpcError `params.invalid` for an unknown link
 */
export function linkIndex(parameter: keyof WorkspaceValues, link: string, links: readonly string[]): number {
  const index = links.indexOf(link);
  if (index >= 0) return index;
  const nearest = nearestName(link, links);
  throw new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}`,
    found: `link '${link}', which the robot description does not have`,
    expected: `one of the links ${links.join(', ')}`,
    remedy: nearest === null ? 'Name a link of this robot.' : `Did you mean '${nearest}'?`,
  });
}
