import { watchdogParameters } from '../watchdog-parameters.js';
import { after, NEXT_TICK_MS, type Rung } from './rung.js';

const timeout = 'watchdog.image_timeout_s';

/** Frames that nothing usable comes of: the robot holds once the last good one is too old. */
const unusable = {
  reaction: 'hold',
  boundMs: after(watchdogParameters[timeout].defaultValue),
  timeout,
} as const;

/** Faults of cameras. */
export const imageRungs = {
  'image-silent': {
    fault: 'a camera is silent',
    detection:
      'age of the newest frame, by its stamp; of several cameras, the one that has been silent longest',
    ...unusable,
    operatorSees:
      '`image: the last is 0.52 s old`, of several cameras `image: the last of camera wrist is 0.52 s old`; part `camera` of `/diagnostics`',
    clears: 'the next message on image',
  },
  'image-frozen': {
    fault: 'a camera repeats one picture while the robot moves: frozen, covered or black',
    detection:
      'the pixels of all frames stay the same while a joint moves further than `watchdog.frozen_image_travel` (0.3 rad) or `_m` (0.03 m); a repeated stamp does not count as a frame',
    reaction: 'hold',
    boundMs: 2000,
    boundNote:
      'for a joint that moves 0.3 rad in 1.5 s; slower ones take as long as that travel does, 3 s at 0.1 rad/s',
    operatorSees:
      '`image: the picture has not changed while the robot moved`; also if the joint that moves is out of view of a camera without noise, as in simulation',
    clears:
      'a frame with another picture, or ~/reset, until the next travel; `watchdog.frozen_image_travel: 0` (`_m`) switches it off',
  },
  'image-encoding': {
    fault: 'frames of an encoding that the model cannot use',
    detection: 'each message is checked; the last good frame gets too old',
    ...unusable,
    operatorSees: '`image.encoding` in the log and in part `problems`; `refused` of part `camera`',
    clears: 'the next frame of a usable encoding',
  },
  'image-broken': {
    fault: 'frames whose width, height, step and data contradict each other, or that cannot be decompressed',
    detection: 'each message is checked; the last good frame gets too old',
    ...unusable,
    operatorSees: '`image.size` or `image.compressed` in the log and in part `problems`',
    clears: 'the next frame that is whole',
  },
  'image-resized': {
    fault: 'frames change their size while the robot moves',
    detection: 'each frame is scaled to the size of the model by its own size',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`camera_info is for images of another size` in part `camera`, if that differs',
    clears: 'nothing has to: planning goes on',
  },
  'image-stamps': {
    fault: 'frames with a stamp of zero, ahead of the clock or of another clock',
    detection: 'each stamp is compared with the clock; the last good frame gets too old',
    ...unusable,
    operatorSees: '`image: a stamp 5.00 s ahead of the clock`; `frame_stamps_refused` of part `motion`',
    clears: 'synchronised clocks, the same use_sim_time here and at the camera, or `camera.stamps: arrival`',
  },
  'image-stamps-back': {
    fault: 'stamps of frames go back',
    detection: 'a frame that is not newer than the last does not count; the last good frame gets too old',
    ...unusable,
    operatorSees: '`image: the last is 0.52 s old`; `frame_stamps_refused` of part `motion`',
    clears: 'a frame newer than the last good one',
  },
  'image-burst': {
    fault: 'frames come ten times as often, in bursts',
    detection: 'the newest frame wins: one plan at a time, and older frames are dropped',
    reaction: 'refuse',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`overtaken` and `rate_hz` of part `camera`',
    clears: 'nothing has to: planning goes on',
  },
  'image-late': {
    fault: 'frames come late, with jitter',
    detection: 'a frame counts for the time of its stamp; the latency is measured',
    reaction: 'degrade',
    boundMs: after(watchdogParameters[timeout].defaultValue),
    operatorSees: '`camera_age_p95_ms` and `committed_periods` of `~/statistics`',
    clears: 'nothing has to: plans begin after the time that they need',
  },
} as const satisfies Record<string, Rung>;
