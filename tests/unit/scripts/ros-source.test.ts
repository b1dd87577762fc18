import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { layoutOf } from '../../../scripts/setup/layout.mjs';
import { findRosSource, rosLoadEnvironment } from '../../../scripts/setup/ros-source.mjs';

const rclpyImports = () => '';
const rclpyIsMissing = () => undefined;

describe('which ROS 2 is used', () => {
  let root: string;
  let sourced: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'checkout-'));
    mkdirSync(join(root, 'scripts', 'setup'), { recursive: true });
    writeFileSync(join(root, 'scripts', 'setup', 'ros-requirements.txt'), 'ros-jazzy-rclpy==7.1.6\n');
    sourced = join(root, 'opt', 'ros', 'kilted');
    mkdirSync(join(sourced, 'lib'), { recursive: true });
    writeFileSync(join(sourced, 'lib', 'librcl.so'), '');
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  test('a sourced ROS 2 is used as it is, behind an overlay workspace too', () => {
    const env = {
      ROS_DISTRO: 'kilted',
      AMENT_PREFIX_PATH: `${root}/overlay:${sourced}`,
      LD_LIBRARY_PATH: '/theirs',
    };
    const source = findRosSource(env, layoutOf(root), rclpyImports);
    expect(source).toMatchObject({ kind: 'sourced', distro: 'kilted', prefix: sourced });
    const loaded = rosLoadEnvironment(source, env);
    expect(loaded).toMatchObject({ ...env, PATH: join(root, '.prefix', 'overlay', 'bin') });
    expect(loaded['RMW_IMPLEMENTATION']).toBeUndefined();
  });

  test.each([
    ['nothing is sourced', {}],
    ['only the distribution is named', { ROS_DISTRO: 'kilted' }],
    ['the prefix holds no rcl', { ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: '/nowhere' }],
  ])('the private prefix is used where %s', (_, env) => {
    expect(findRosSource(env, layoutOf(root), rclpyImports)).toMatchObject({
      kind: 'private',
      distro: 'jazzy',
    });
  });

  test('the private prefix is used where the sourced one has no rclpy', () => {
    const env = { ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: sourced };
    expect(findRosSource(env, layoutOf(root), rclpyIsMissing).kind).toBe('private');
  });

  test('the environment of the private prefix is not mistaken for a sourced ROS 2', () => {
    const layout = layoutOf(root);
    mkdirSync(join(layout.rosPrefix, 'lib'), { recursive: true });
    writeFileSync(join(layout.rosPrefix, 'lib', 'librcl.so'), '');
    const env = { ROS_DISTRO: 'jazzy', AMENT_PREFIX_PATH: layout.rosPrefix };
    expect(findRosSource(env, layout, rclpyImports).kind).toBe('private');
  });

  test('the private prefix brings its own libraries first and keeps those of the user', () => {
    const layout = layoutOf(root);
    const packages = join(layout.rosPrefix, 'lib', 'python3.12', 'site-packages');
    mkdirSync(join(packages, 'ros_rcl.libs'), { recursive: true });
    mkdirSync(join(packages, 'numpy.libs'), { recursive: true });
    const source = findRosSource({}, layout);
    const once = rosLoadEnvironment(source, { LD_LIBRARY_PATH: '/theirs' });
    const expected = `${join(layout.rosPrefix, 'lib')}:${join(packages, 'ros_rcl.libs')}:/theirs`;
    expect(once['LD_LIBRARY_PATH']).toBe(expected);
    expect(rosLoadEnvironment(source, once)['LD_LIBRARY_PATH']).toBe(expected);
  });

  /** Makes a folder look as if jepa_mpc_msgs were installed in it. */
  function installInterfaces(prefix: string): void {
    mkdirSync(join(prefix, 'share', 'jepa_mpc_msgs'), { recursive: true });
    writeFileSync(join(prefix, 'share', 'jepa_mpc_msgs', 'package.xml'), '');
    mkdirSync(join(prefix, 'lib', 'python3.12', 'site-packages'), { recursive: true });
  }

  test('jepa_mpc_msgs as the set-up builds it comes before the rest, once it is built', () => {
    const layout = layoutOf(root);
    const env = { ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: sourced, PYTHONPATH: '/theirs' };
    const source = findRosSource(env, layout, rclpyImports);
    expect(rosLoadEnvironment(source, env)).toMatchObject(env);
    installInterfaces(layout.interfacesPrefix);
    expect(rosLoadEnvironment(source, env)).toMatchObject({
      AMENT_PREFIX_PATH: `${layout.interfacesPrefix}:${sourced}`,
      LD_LIBRARY_PATH: join(layout.interfacesPrefix, 'lib'),
      PYTHONPATH: `${join(layout.interfacesPrefix, 'lib', 'python3.12', 'site-packages')}:/theirs`,
    });
  });

  test('a set-up started from the environment of another one sees the same ROS 2', () => {
    const layout = layoutOf(root);
    const env = { ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: sourced };
    const source = findRosSource(env, layout, rclpyImports);
    installInterfaces(layout.interfacesPrefix);
    expect(findRosSource(rosLoadEnvironment(source, env), layout, rclpyImports)).toEqual(source);
  });

  test('a jepa_mpc_msgs of the user comes instead', () => {
    const theirs = join(root, 'ws', 'install', 'jepa_mpc_msgs');
    installInterfaces(theirs);
    const env = { ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: `${theirs}:${sourced}` };
    expect(findRosSource(env, layoutOf(root), rclpyImports).interfacesPrefix).toBeUndefined();
  });

  test('a workspace on top asks for other messages, not for another rclnodejs', () => {
    const of = (path: string) =>
      findRosSource({ ROS_DISTRO: 'kilted', AMENT_PREFIX_PATH: path }, layoutOf(root), rclpyImports);
    const [plain, overlaid] = [of(sourced), of(`${root}/overlay:${sourced}`)];
    expect(overlaid.rclKey).toBe(plain.rclKey);
    expect(overlaid.key).not.toBe(plain.key);
  });
});
