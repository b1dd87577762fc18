import { effortParameters } from '../effort-law.js';
import { watchdogParameters } from '../watchdog-parameters.js';
import { after, NEXT_TICK_MS, REQUEST_MS, type Rung } from './rung.js';

const timeout = 'watchdog.joint_states_timeout_s';
const silent = after(watchdogParameters[timeout].defaultValue);

/** Joint states that nothing usable comes of: the robot holds once the last good reading is too old. */
const unusable = { reaction: 'hold', boundMs: silent, timeout } as const;

/** Two readings in a row at 30 Hz or more, and the next tick. */
const TWO_READINGS_MS = 70 + NEXT_TICK_MS;

/** Faults of joint states, and of the robot that they show. */
export const jointRungs = {
  'joint-states-gap': {
    fault: 'joint states are silent for less than the timeout',
    detection: 'the desired state does not depend on them; a reading is compared at its own stamp',
    reaction: 'degrade',
    boundMs: silent,
    timeout,
    operatorSees: '`age_ms` of part `joint states`',
    clears: 'the next joint state',
  },
  'joint-states-silent': {
    fault: 'joint states are silent',
    detection: 'age of the newest reading, by its stamp',
    ...unusable,
    operatorSees: '`joint_states: the last is 0.27 s old`; part `joint states` of `/diagnostics`',
    clears: 'the next message on joint_states',
  },
  'joint-states-silent-efforts': {
    fault: 'joint states are silent while efforts are commanded',
    detection:
      'age of the newest reading; the efforts are 0 from then on, the robot holds when readings are back',
    reaction: 'hold',
    boundMs: after(effortParameters['command.effort_timeout_ms'].defaultValue / 1000),
    timeout: 'command.effort_timeout_ms',
    operatorSees: '`joint_states: the last is 0.12 s old`; part `joint states` of `/diagnostics`',
    clears: 'the next message on joint_states',
  },
  'joint-states-not-finite': {
    fault: 'joint states with NaN or infinity for a joint of the model',
    detection: 'each message is checked; the last good reading gets too old',
    ...unusable,
    operatorSees: '`joint-states.not-finite`, with the joint, in the log and in part `problems`',
    clears: 'the next message with finite numbers',
  },
  'joint-states-malformed': {
    fault: 'joint states whose arrays differ in length',
    detection: 'each message is checked; the last good reading gets too old',
    ...unusable,
    operatorSees: '`joint-states.wrong-size` in the log and in part `problems`',
    clears: 'the next well-formed message',
  },
  'joint-states-no-velocity': {
    fault: 'joint states without velocities while efforts need them',
    detection: 'each message is checked; the last good reading gets too old',
    ...unusable,
    operatorSees: '`joint-states.no-velocity` in the log and in part `problems`',
    clears: 'the next message with velocities',
  },
  'joint-states-missing': {
    fault: 'a joint of the model is missing in joint states',
    detection: 'a reading needs every joint; the joint that is furthest behind gets too old',
    ...unusable,
    operatorSees:
      '`joint_states: the last of elbow is 0.27 s old`; after 1 s one error in the log, with what to do; `age_ms of elbow` of part `joint states`',
    clears: 'a message with that joint',
  },
  'joint-states-reordered': {
    fault: 'joint states change the order of their joints',
    detection: 'joints are found by name in each message',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: 'nothing',
    clears: 'nothing has to: planning goes on',
  },
  'joint-states-added': {
    fault: 'joint states have joints that the model does not act on',
    detection: 'joints are found by name in each message; others are ignored',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: 'nothing',
    clears: 'nothing has to: planning goes on',
  },
  'joint-states-split': {
    fault: 'the joints come in messages of several publishers, late and in any order',
    detection:
      'a reading is for the newest time that every joint is known at; each joint has its own position at that time',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`rate_hz` and the age of each joint, in part `joint states`',
    clears: 'nothing has to: planning goes on',
  },
  'joint-states-stamps': {
    fault: 'joint states with a stamp of zero, ahead of the clock or of another clock',
    detection: 'each stamp is compared with the clock; the last good reading gets too old',
    ...unusable,
    operatorSees:
      '`joint_states: messages without a stamp (0)`; `joint_state_stamps_refused` of part `motion`',
    clears:
      'synchronised clocks, the same use_sim_time here and at the driver, or `joint_states.stamps: arrival`',
  },
  'joint-states-contradictory': {
    fault: 'two publishers of joint states contradict each other while the robot moves',
    detection:
      'two messages have a joint further from where another publisher has it than its velocity limit allows in the time between; neither is used from the first on, and efforts are 0',
    reaction: 'hold',
    boundMs: TWO_READINGS_MS,
    operatorSees:
      "`joint_states: joint 'elbow' is at 0.412 by /driver and at 0.000 by /joint_state_publisher`; the same in part `joint states` and in the answer of `~/reset`",
    clears: '2 s without such a message: end the publisher that is not the driver',
  },
  'joint-states-outside-limits': {
    fault: 'joint states show a joint outside its limits while the robot moves',
    detection: 'as a robot that does not follow; no command goes further out',
    reaction: 'stop',
    boundMs: TWO_READINGS_MS,
    operatorSees: '`fault: joint ... is 0.412 from where it should be`',
    clears: '~/reset, once the joint is inside: deactivation, ~/reset and ~/recover bring it there',
  },
  'pose-unsettled': {
    fault:
      'the measured pose is needed (activation, reset), and readings do not agree on it or a joint is outside its limits',
    detection: 'readings of 0.1 s are compared with each other and with the robot description',
    reaction: 'hold',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`pose: ...`, with the publishers',
    clears: 'a robot that has come to rest, inside its limits, or one publisher of its joint states',
  },
  'robot-does-not-follow': {
    fault: 'the robot does not follow: blocked, pushed, moved, or without power',
    detection:
      'two readings in a row, or every other one, are further from the commanded position than `command.tracking_tolerance`',
    reaction: 'stop',
    boundMs: TWO_READINGS_MS,
    operatorSees: '`fault: joint ... is 0.412 from where it should be (tolerance 0.3)`',
    clears: '~/reset',
  },
  'joint-outside-limits': {
    fault:
      'a measured joint is outside the limits of the robot description at activation, or at `~/reset` while active',
    detection: 'the newest reading is compared with the description, before margins',
    reaction: 'refuse',
    boundMs: REQUEST_MS,
    operatorSees: '`not activated: limits: ...` or the answer of `~/reset`, with joint, value and limits',
    clears: 'in state inactive, ~/recover moves it back inside slowly; or move it by hand',
  },
} as const satisfies Record<string, Rung>;
