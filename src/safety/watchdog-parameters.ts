import { double, dynamic } from '../core/parameter.js';

export const watchdogParameters = {
  'watchdog.image_timeout_s': dynamic(
    double({ min: 0.01, max: 60, default: 0.5 }),
    's',
    'Age of the newest frame at which the robot holds.',
  ),
  'watchdog.frozen_image_travel': dynamic(
    double({ min: 0, max: 10, default: 0.3 }),
    'rad',
    'How far a revolute joint may move while the picture of a camera stays the same, pixel for pixel: further holds the robot until the picture changes. 0: pictures are not compared.',
  ),
  'watchdog.frozen_image_travel_m': dynamic(
    double({ min: 0, max: 10, default: 0.03 }),
    'm',
    'As watchdog.frozen_image_travel, for prismatic joints.',
  ),
  'watchdog.joint_states_timeout_s': dynamic(
    double({ min: 0.01, max: 60, default: 0.25 }),
    's',
    'Age of the newest joint state at which the robot brakes and holds until the next one.',
  ),
};
