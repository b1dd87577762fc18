import { percent, setTo, type Rule, type Turn } from './rule.js';
import { mean } from './window.js';

/** Share of plans that may come late. */
const MAX_LATE = 0.05;

/** Age of frames on arrival that is no reason to do anything, in control periods. */
const MAX_CAMERA_AGE_PERIODS = 1;

/** No fewer samples are suggested. */
const MIN_SAMPLES = 16;

const fewerSamples: Turn = {
  parameter: 'sampling.samples',
  direction: 'lower',
  suggest: (figures) => {
    const present = figures.newest('samples');
    // At least three candidates for each elite: the refit needs something to choose from.
    const elites = figures.setting('sampling.elites');
    const wanted = Math.max(MIN_SAMPLES, 3 * (elites || 0), Math.ceil(present / 2));
    const suggested = Math.min(figures.largest('sampling.samples'), wanted);
    return suggested < present ? { present, suggested } : null;
  },
};

const integers: Turn = {
  parameter: 'rollout.precision',
  direction: 'set',
  suggest: (figures) =>
    figures.text('device') === 'cpu' ? setTo('rollout.precision', 'int8')(figures) : null,
};

/** What is wrong with the time of plans, or with how they are made. */
export const timeRules = {
  fallbacks: {
    symptom: '`fallbacks` is not empty',
    when: (figures) => {
      const instead = figures.text('fallbacks');
      if (instead === '') return null;
      const { message = '' } = figures.part('planner') ?? {};
      return message.startsWith('instead:')
        ? `The node does something other than was asked for: ${message}`
        : `The node does something other than was asked for: ${instead}.`;
    },
    turns: [
      {
        parameter: 'rollout.graph',
        direction: 'set',
        suggest: (figures) =>
          figures.text('rollout') === figures.parameter('rollout.graph')
            ? null
            : setTo('rollout.graph', 'auto')(figures),
      },
      {
        parameter: 'rollout.precision',
        direction: 'set',
        suggest: (figures) =>
          figures.text('fallbacks').includes('float32')
            ? setTo('rollout.precision', 'float32')(figures)
            : null,
      },
    ],
    besides: 'The reason and its remedy are in `/diagnostics`, part `planner`.',
    why: 'A plan may then be slower or less exact than the parameters ask for.',
    page: 'tuning.md#precision-and-compilation',
  },
  late_plans: {
    symptom: '`late` is 1 again and again: `late_plans` grows',
    when: (figures) => {
      const share = mean(figures.series('late'));
      if (!(share > MAX_LATE)) return null;
      return `${percent(share)} of the plans came after the time at which they should have taken over.`;
    },
    turns: [
      { parameter: 'planning.latency', direction: 'set', suggest: setTo('planning.latency', 'measured') },
      fewerSamples,
      integers,
    ],
    besides: 'A GPU, or less other work for the processor.',
    why: 'A late plan moves the robot from where it no longer is; the plan before it goes on meanwhile.',
    page: 'time.md',
  },
  slow_plans: {
    symptom: '`plan_p95_ms` is longer than the control period',
    when: (figures) => {
      const [planMs, { periodMs }] = [figures.newest('plan_p95_ms'), figures];
      if (!(planMs > periodMs)) return null;
      return `A plan takes ${planMs.toFixed(0)} ms, longer than the control period of ${String(periodMs)} ms: it is made from a frame that is old by the time the plan takes over.`;
    },
    turns: [
      fewerSamples,
      integers,
      {
        parameter: 'sampling.iterations',
        direction: 'lower',
        suggest: (figures) => {
          const present = Math.round(figures.median('iterations'));
          const suggested = Math.min(figures.largest('sampling.iterations'), Math.ceil(present / 2));
          return present > 2 && suggested < present ? { present, suggested } : null;
        },
      },
    ],
    besides: 'A GPU, or a smaller model.',
    why: 'The longer a plan takes, the more of it is committed before it begins, and the later it answers to what the camera shows.',
    page: 'time.md',
  },
  old_frames: {
    symptom: '`camera_age_p95_ms` is longer than the control period',
    when: (figures) => {
      const [ageMs, { periodMs }] = [figures.newest('camera_age_p95_ms'), figures];
      if (!(ageMs > MAX_CAMERA_AGE_PERIODS * periodMs)) return null;
      return `Frames are ${ageMs.toFixed(0)} ms old when they arrive, more than the control period of ${String(periodMs)} ms.`;
    },
    turns: [
      {
        parameter: 'camera.transport',
        direction: 'set',
        suggest: (figures) => {
          // Large images over a network: a slow rate is a sign of it.
          const isSlow = figures
            .partsLike('camera ')
            .some(([, { values }]) => Number(values['rate_hz']) < 500 / figures.periodMs);
          return isSlow ? setTo('camera.transport', 'compressed')(figures) : null;
        },
      },
    ],
    besides:
      'Make the camera faster: a driver that queues one frame, a shorter exposure, a smaller image, a direct connection. Check that the clocks of camera and node agree.',
    why: 'Every plan begins where the robot was that long ago, and what it did since can only be predicted.',
    page: 'cameras.md',
  },
} as const satisfies Readonly<Record<string, Rule>>;
