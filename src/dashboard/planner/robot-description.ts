import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { parseUrdf } from '../../robot/urdf.js';
import type { UrdfJoint } from '../../robot/urdf-joint.js';
import type { JointInfo } from '../protocol.js';
import type { RobotFiles } from '../server/http-app.js';

/** The robot of `robot_description`, for a page: its joints with their limits, and its files. */
export class RobotDescription implements RobotFiles {
  readonly urdf: string;
  readonly #joints: ReadonlyMap<string, UrdfJoint>;
  /** Meshes that the description names, as `package/path`: no other file is served. */
  readonly #meshes: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  /**
   * @param prefixes folders that ROS packages are installed in (`AMENT_PREFIX_PATH`)
   * @throws JepaMpcError `urdf.invalid`
   */
  constructor(urdf: string, prefixes: readonly string[]) {
    this.urdf = urdf;
    this.#joints = new Map(parseUrdf(urdf).joints.map((joint) => [joint.name, joint]));
    this.#meshes = new Set(
      [...urdf.matchAll(/filename\s*=\s*["']package:\/\/([^"']+)["']/g)].map(([, uri = '']) => uri),
    );
    this.#prefixes = prefixes;
  }

  /** Joints that move, with one axis, and not because another one does. */
  get movable(): readonly string[] {
    return [...this.#joints.values()]
      .filter(({ type, mimic }) => mimic === null && ['revolute', 'prismatic', 'continuous'].includes(type))
      .map(({ name }) => name);
  }

  /** Limits as the description has them. Null for a joint that it does not have. */
  joint(name: string): JointInfo {
    const joint = this.#joints.get(name);
    const isEndless = joint?.type === 'continuous';
    return {
      name,
      lower: isEndless ? null : (joint?.limit?.lower ?? null),
      upper: isEndless ? null : (joint?.limit?.upper ?? null),
      velocity: joint?.limit?.velocity ?? null,
      unit: joint?.type === 'prismatic' ? 'm' : 'rad',
    };
  }

  meshFile(packageName: string, path: string): string | null {
    const uri = `${packageName}/${path}`;
    if (!this.#meshes.has(uri) || uri.split('/').includes('..')) return null;
    const candidates = this.#prefixes.map((prefix) => join(prefix, 'share', uri));
    return candidates.find((file) => existsSync(file)) ?? null;
  }
}
