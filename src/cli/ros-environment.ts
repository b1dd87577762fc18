import { JepaMpcError } from '../core/errors.js';

/**
 * Throws unless a ROS 2 is sourced. Importing rclnodejs without one makes it rebuild itself and lose its build, so call this before the
 * import.
 *
 * @throws JepaMpcError `environment.missing`.
 */
export function requireRosEnvironment(): void {
  const missing = ['AMENT_PREFIX_PATH', 'ROS_DISTRO'].filter((name) => (process.env[name] ?? '') === '');
  if (missing.length === 0) return;
  throw new JepaMpcError('environment.missing', {
    subject: 'ROS 2',
    found: `no ${missing.join(' and no ')} in the environment`,
    expected: 'a sourced ROS 2',
    remedy:
      'Start through npm (npm run node, npm run dashboard, npm run guide), or source a ROS 2 set-up file first.',
  });
}
