import type { Vector3 } from '../../../src/robot/urdf-xml.js';

/** Where an object is put: its middle [m] and fixed-axis roll, pitch, yaw [rad], in the frame of the root link. */
export interface ObjectPose {
  readonly xyz: Vector3;
  readonly rpy: Vector3;
}

/** An object that an episode asks the robot to move. */
export interface ObjectMove {
  /** Its name in the scene. */
  readonly name: string;
  readonly start: ObjectPose;
  readonly goal: ObjectPose;
  /** Height of the surface that it rests on at both, m: an object whose middle is below it has fallen off. */
  readonly surfaceM: number;
}
