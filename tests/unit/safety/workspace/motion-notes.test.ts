import { describe, expect, it } from 'vitest';
import { defaultsOf } from '../../../../src/core/parameter.js';
import { parseUrdf } from '../../../../src/robot/urdf.js';
import { MotionCheck } from '../../../../src/safety/motion-check.js';
import {
  workspaceParameters,
  type WorkspaceValues,
} from '../../../../src/safety/workspace/workspace-parameters.js';
import { thrownBy } from '../../../fixtures/robot.js';

const DEFAULTS = defaultsOf(workspaceParameters);
const OFF = { 'workspace.self_collision': false };

describe('what a person should know', () => {
  const urdf =
    parseUrdf(`<robot name="r"><link name="a"/><link name="b"><collision><geometry><mesh filename="b.stl"/></geometry></collision><collision><geometry/></collision></link>
    <link name="c"><collision><geometry><sphere radius="0.1"/></geometry></collision><collision><geometry><mesh filename="c.stl"/></geometry></collision></link>
    <link name="d"/><link name="e"/>
    <joint name="j" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 0 1"/><limit lower="-1" upper="1" velocity="1" effort="1"/></joint>
    <joint name="k" type="fixed"><parent link="b"/><child link="c"/></joint>
    <joint name="l" type="floating"><parent link="b"/><child link="d"/></joint>
    <joint name="m" type="fixed"><parent link="b"/><child link="e"/></joint></robot>`);
  const notes = (values: Partial<WorkspaceValues>): readonly string[] =>
    new MotionCheck(urdf, ['j'], { ...DEFAULTS, ...values }, null).notes;

  it('is which links have no shape, or not all of them', () => {
    const meshes = [
      "link 'b': not checked: mesh 'b.stl', an element without geometry; it counts as its origin, and in no pair",
      "link 'c': not checked: mesh 'c.stl'; only its other shapes count",
    ];
    expect(notes({})).toEqual(meshes);
    expect(notes(OFF)).toEqual([]);
    expect(notes({ ...OFF, 'workspace.floor': true })).toEqual([
      ...meshes,
      "link 'e' has no shape: it counts as its origin",
    ]);
    expect(notes({ ...OFF, 'workspace.half_spaces': 'c: x <= 1; a: x <= 1' })).toEqual([
      "link 'a' has no shape: it counts as its origin",
      "link 'c': not checked: mesh 'c.stl'; only its other shapes count",
    ]);
  });

  it('is refused for links below a floating joint', () => {
    expect(thrownBy(() => notes({ 'workspace.boxes': 'd: [0, 1] x [0, 1] x [0, 1]' })).message).toBe(
      "parameter workspace.boxes: found link 'd', below a floating or planar joint, expected a link whose pose follows from joint positions. Name another link. [params.invalid]",
    );
    expect(thrownBy(() => notes({ 'workspace.half_spaces': 'd: x <= 1' })).message).toContain(
      'workspace.half_spaces',
    );
    expect(thrownBy(() => notes({ 'workspace.half_spaces': 'q: x <= 1' })).message).toContain(
      "parameter workspace.half_spaces: found link 'q', which the robot description does not have",
    );
  });
});
