import { describe, expect, it } from 'vitest';
import { defaultsOf } from '../../../../src/core/parameter.js';
import { workspaceParameters } from '../../../../src/safety/workspace/workspace-parameters.js';
import {
  axisNames,
  linkIndex,
  workspaceSettings,
} from '../../../../src/safety/workspace/workspace-settings.js';
import { thrownBy } from '../../../fixtures/robot.js';

const DEFAULTS = defaultsOf(workspaceParameters);
const rowsOf = (axes: string): readonly number[] =>
  workspaceSettings({ ...DEFAULTS, 'workspace.condition_axes': axes }).conditionRows;

describe('the settings of the work space', () => {
  it('are no rules by default', () => {
    expect(workspaceSettings(DEFAULTS)).toEqual({ halfSpaces: [], boxes: [], conditionRows: [] });
  });

  it('name rows of the Jacobian, in any order, with spaces or commas', () => {
    expect(rowsOf('x y z roll pitch yaw')).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rowsOf(' yaw,  x ')).toEqual([0, 5]);
    expect(axisNames([0, 5])).toBe('x yaw');
    expect(axisNames([0, 1, 2, 3, 4, 5])).toBe('x y z roll pitch yaw');
  });

  it.each(['x x', 'x w', 'gripper', 'X'])('refuse the axes %s', (axes) => {
    expect(thrownBy(() => rowsOf(axes)).message).toBe(
      `parameter workspace.condition_axes: found '${axes}', expected some of x, y, z, roll, pitch, yaw, each once. Write for example 'x y z', or nothing for actions on joints. [params.invalid]`,
    );
  });

  it('refuse a robot that stops before it slows down', () => {
    const settings = (slow: number, stop: number) => () =>
      workspaceSettings({ ...DEFAULTS, 'workspace.condition_slow': slow, 'workspace.condition_stop': stop });
    expect(settings(29.9, 30)).not.toThrow();
    expect(thrownBy(settings(30, 30)).message).toBe(
      'parameter workspace.condition_slow: found 30, with workspace.condition_stop: 30, expected a smaller number than workspace.condition_stop. The robot slows down before it stops: set both at once. [params.invalid]',
    );
  });

  it('name links of the robot, and suggest the nearest', () => {
    expect(linkIndex('workspace.boxes', 'b', ['a', 'b'])).toBe(1);
    expect(linkIndex('workspace.boxes', 'a', ['a', 'b'])).toBe(0);
    expect(thrownBy(() => linkIndex('workspace.tip_link', 'tol0', ['base', 'tool0'])).message).toBe(
      "parameter workspace.tip_link: found link 'tol0', which the robot description does not have, expected one of the links base, tool0. Did you mean 'tool0'? [params.invalid]",
    );
    expect(thrownBy(() => linkIndex('workspace.tip_link', 'a', [])).message).toContain(
      'Name a link of this robot.',
    );
  });
});
