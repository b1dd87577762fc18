import { GRAPH_MS, NEXT_TICK_MS, REQUEST_MS, type Rung } from './rung.js';

/** The rest of the last good plan, ms: plans of the models that come with the node last 1 s. */
const PLAN_MS = 1000 + NEXT_TICK_MS;

/** A plan that would break a rule of the motion: it is cut before that, in the period in which it arrives. */
const cut = {
  detection: 'the motion that the plan foresees is checked before it takes over',
  reaction: 'degrade',
  boundMs: NEXT_TICK_MS,
  clears: 'the next plan',
} as const;

/** Faults of the planner, its model, its device and its goals. */
export const plannerRungs = {
  'worker-died': {
    fault: 'the planner worker ends: crashed or killed',
    detection: 'its process ends',
    reaction: 'hold',
    boundMs: 100,
    operatorSees: '`worker: dead or hanging`; `planner.worker-died` in the log',
    clears: 'its restart, by itself',
  },
  'worker-out-of-memory': {
    fault: 'the planner worker runs out of memory',
    detection: 'no plan comes while it struggles; then its process ends, as of one that died',
    reaction: 'degrade',
    boundMs: PLAN_MS,
    operatorSees: '`plan: ended 0.40 s ago`, then `worker: dead or hanging`',
    clears: 'its restart, by itself; fewer samples, or a smaller model',
  },
  'worker-hangs': {
    fault: 'the planner worker hangs',
    detection:
      'no plan comes; after `planning.timeout_s` it counts as dead, and the robot holds until its restart',
    reaction: 'degrade',
    boundMs: PLAN_MS,
    operatorSees: '`plan: ended 0.40 s ago`, then `worker: dead or hanging`',
    clears: 'its restart, by itself',
  },
  'worker-cannot-restart': {
    fault: 'the planner worker cannot be started again',
    detection: 'loading the model fails',
    reaction: 'stop',
    boundMs: REQUEST_MS,
    operatorSees: 'the reason in the log and in part `model`; the state is `unconfigured`',
    clears: 'configure, once the cause is gone',
  },
  'plan-missing': {
    fault: 'no plan is in force: none has come yet, or all come too late',
    detection: 'end of the last plan',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`plan: ended 0.40 s ago`',
    clears: 'the next plan',
  },
  'plan-late': {
    fault: 'plans come late, such as from a model that is ten times slower',
    detection:
      'the latency of plans is measured; a plan is late if its first free action is over when it arrives',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`late_plans` in part `planner` and `~/statistics`',
    clears: 'nothing has to: plans begin later, or one move is made after the other, from rest to rest',
  },
  'plan-not-finite': {
    fault: 'the model computes NaN or infinity',
    detection: 'costs and actions of each plan are checked; such a plan is refused',
    reaction: 'degrade',
    boundMs: PLAN_MS,
    operatorSees: '`planner.not-finite` or `model.not-finite` in the log and in part `problems`',
    clears: 'the next plan',
  },
  'model-constant': {
    fault: 'the model predicts the same whatever the robot does',
    detection: 'all candidates cost the same; the goal does not come nearer',
    reaction: 'degrade',
    boundMs: 1000,
    operatorSees: '`stalled` on `~/goal_status` after `goal.stall_s`',
    clears: 'another model; the motion stays within the limits meanwhile',
  },
  'device-lost': {
    fault: 'the device is lost, runs out of memory, or cannot compile the model',
    detection: 'a run of the model fails',
    reaction: 'degrade',
    boundMs: 1000,
    operatorSees: '`Planning goes on with ...` in the log, a warning in part `planner`',
    clears: 'the next configuration; plans continue in smaller batches, step by step or on the CPU',
  },
  'goal-changed': {
    fault: 'the goal changes while a plan for the old one runs',
    detection: 'each plan is made for the newest goal; the running plan is followed until then',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: '`preempted` on `~/goal_status`',
    clears: 'the first plan for the new goal',
  },
  'goal-resized': {
    fault: 'a goal image of another size',
    detection: 'each image is scaled to the size of the model by its own size',
    reaction: 'degrade',
    boundMs: NEXT_TICK_MS,
    operatorSees: 'nothing',
    clears: 'nothing has to: planning goes on',
  },
  'goal-unusable': {
    fault: 'a goal that does not fit the model: encoding, number of values, joints',
    detection: 'each goal is checked when it comes',
    reaction: 'refuse',
    boundMs: REQUEST_MS,
    operatorSees: 'the reason in the log and in part `problems`; the goal before stays',
    clears: 'a goal that fits',
  },
  'goal-given-up': {
    fault: 'a goal is cancelled, timed out or stalled',
    detection: 'the action `~/reach_goal`, `goal.timeout_s`, `goal.stall_s`',
    reaction: 'hold',
    boundMs: REQUEST_MS,
    operatorSees: 'the outcome on `~/goal_status` and in the log',
    clears: 'the next goal',
  },
  'plan-leaves-workspace': {
    fault: 'a plan would move a link out of its work space',
    ...cut,
    operatorSees: '`motion` names the link and the boundary; the plan is followed until before it',
  },
  'plan-self-collision': {
    fault: 'a plan would make the robot touch itself',
    ...cut,
    operatorSees: '`motion` names both links; the plan is followed until before it',
  },
  'plan-floor': {
    fault: 'a plan would make a link touch the floor',
    ...cut,
    operatorSees: '`motion` names the link; the plan is followed until before it',
  },
  'plan-tcp-speed': {
    fault: 'a plan would move the tool faster than its limit',
    ...cut,
    operatorSees: '`motion` names the speed and the limit',
  },
  'plan-singularity': {
    fault: 'a plan comes near a singularity',
    ...cut,
    detection:
      'condition number of the Jacobian over the controlled axes, along the motion that the plan foresees',
    operatorSees: '`motion` names the condition number; the robot slows down, then the plan is cut',
  },
  'two-planners': {
    fault: 'another node publishes commands for the same robot',
    detection:
      'publishers of the command topic in the ROS graph, once a second; else the robot does not follow',
    reaction: 'hold',
    boundMs: GRAPH_MS,
    operatorSees: '`controller: ... also publishes ...`, with the node',
    clears: 'the end of the other publisher',
  },
  'command-without-subscriber': {
    fault: 'nobody subscribes to the command topic',
    detection:
      'subscriptions of the command topic in the ROS graph, once a second; else the robot does not follow',
    reaction: 'hold',
    boundMs: GRAPH_MS,
    operatorSees: '`controller: nobody subscribes to ...`',
    clears: 'a subscription of a controller',
  },
} as const satisfies Record<string, Rung>;
