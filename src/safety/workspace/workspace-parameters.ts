import { choice, double, fixed, flag, text, type ValuesOf } from '../../core/parameter.js';

export const workspaceParameters = {
  'workspace.half_spaces': fixed(
    text(),
    '',
    'Half-spaces that links stay in, such as "fingertip: z >= 0.02; forearm: 0.7 x + 0.7 z >= 0.1", in m and in the frame of the root link.',
  ),
  'workspace.boxes': fixed(
    text(),
    '',
    'Boxes that links stay in, such as "tool0: [-0.5, 0.5] x [-0.4, 0.4] x [0, 0.8]": the ranges of x, y and z, in m and in the frame of the root link.',
  ),
  'workspace.floor': fixed(
    flag(false),
    '',
    'Whether every link that the joints of the model move stays above workspace.floor_z.',
  ),
  'workspace.floor_z': fixed(
    double({ min: -100, max: 100, default: 0 }),
    'm',
    'Height of the floor in the frame of the root link.',
  ),
  'workspace.floor_ignore': fixed(
    text(),
    '',
    'Links that the floor does not count for, such as "link_1, link_2". Links that do not move never count.',
  ),
  'workspace.self_collision': fixed(
    flag(true),
    '',
    'Whether links stay apart. It needs collision elements with primitives in the robot description, or workspace.geometry.',
  ),
  'workspace.geometry': fixed(
    choice(['collision', 'collision_or_visual'], 'collision'),
    '',
    'Where the shapes of links come from. collision_or_visual: from the visuals of links that have no collision element.',
  ),
  'workspace.srdf': fixed(
    text(),
    '',
    'SRDF file that names the pairs of links that may touch. Empty: pairs that a joint connects may, and those that touch in every pose.',
  ),
  'workspace.clearance_m': fixed(
    double({ min: 0, max: 1, default: 0.01 }),
    'm',
    'Minimum distance of links from each other and from the floor.',
  ),
  'workspace.tip_link': fixed(
    text(),
    '',
    'Link whose origin workspace.max_tcp_speed and workspace.condition_axes mean. Empty: the last link of the chain of the joints.',
  ),
  'workspace.max_tcp_speed': fixed(
    double({ min: 0, max: 100, default: 0 }),
    'm/s',
    'Maximum speed of the tip link; 0: no limit.',
  ),
  'workspace.condition_axes': fixed(
    text(),
    '',
    'Axes of the tip link that an action controls, such as "x y z" or "x y z roll pitch yaw". The condition number of their Jacobian slows the robot, then stops it. Empty: off, right for actions on joints.',
  ),
  'workspace.condition_slow': fixed(
    double({ min: 1, max: 1e5, default: 17 }),
    '1',
    'Condition number from which the robot slows down.',
  ),
  'workspace.condition_stop': fixed(
    double({ min: 1, max: 1e5, default: 30 }),
    '1',
    'Condition number that the robot does not exceed.',
  ),
};

export type WorkspaceValues = ValuesOf<typeof workspaceParameters>;
