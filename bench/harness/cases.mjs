import { join } from 'node:path';

/**
 * What is compared, and how much of it.
 *
 * @typedef {object} Settings a planner's budget, in model actions (normalised), as bench/reference/jepa_mpc_reference/solve.py has it
 * @property {number} samples candidates an iteration
 * @property {number} iterations
 * @property {number} elites
 * @property {number} horizon predictor steps
 * @property {number} initial_std initial standard deviation; 1, that of the recorded actions, is the default of the reference's solvers
 * @property {number} bound actions are in [-bound, bound]; 100 initial standard deviations, so that nothing is ever clipped: the reference's
 *   CEM and MPPI have no bounds
 * @property {number} temperature MPPI's, in the unit of the cost
 *
 * @typedef {object} Amounts how often each thing is done
 * @property {number} attempts maximum number of times that a round is made if other programs disturb it
 * @property {number} pairs timed pairs of solves
 * @property {number} iterations in each of them
 * @property {number} problems of time_to_99_percent
 * @property {number} tracedIterations in each of them
 * @property {number} plans pairs of whole plans for plans_per_second
 * @property {number} checks problems that agreement is checked on, and rounds in which the pauses of the ROS thread are seen
 * @property {number} profiles plans whose operators are timed for overhead_share
 * @property {number} growthPairs pairs for each point of the growth curves, and for each saving; 0 leaves both out
 * @property {{ samples: readonly number[], horizon: readonly number[] }} growth the points in addition to the case's own
 *
 * @typedef {object} Case
 * @property {string} name
 * @property {string} folder the model folder that both sides load
 * @property {number} actionDim entries of a model action
 * @property {Settings} settings the reference's usual budget
 * @property {Partial<Settings>} realtime the budget of one plan on a robot
 * @property {readonly string[]} planners that are timed
 * @property {boolean} tokensOnly a point of the curve over tokens, nothing else of it is measured
 * @property {number} tokens
 * @property {Amounts} full
 * @property {Amounts} quick
 */

/**
 * @param {string} root the checkout
 * @param {string} models the folder of the random-weight models
 * @returns {readonly Case[]}
 */
export function casesOf(root, models) {
  /** @type {Case} */
  const patches = {
    name: 'dino-patches',
    folder: join(models, 'dino-patches'),
    actionDim: 10,
    settings: budget({ samples: 8, elites: 3, horizon: 3, initialStd: 1, temperature: 500 }),
    realtime: { samples: 8, iterations: 3, elites: 3 },
    planners: ['cem'],
    tokensOnly: false,
    tokens: 196,
    full: {
      attempts: 2,
      pairs: 10,
      iterations: 3,
      problems: 10,
      tracedIterations: 15,
      plans: 5,
      checks: 2,
      profiles: 3,
      growthPairs: 3,
      growth: { samples: [4, 16], horizon: [1, 2, 4] },
    },
    quick: {
      attempts: 1,
      pairs: 2,
      iterations: 1,
      problems: 1,
      tracedIterations: 3,
      plans: 1,
      checks: 1,
      profiles: 1,
      growthPairs: 0,
      growth: { samples: [], horizon: [] },
    },
  };
  return [
    {
      name: 'demo',
      folder: join(root, 'models', 'reacher'),
      actionDim: 4,
      settings: budget({ samples: 300, elites: 30, horizon: 5, initialStd: 1, temperature: 0.5 }),
      // What the node plans with by default: `plannerDefaults` of the manifest.
      realtime: { samples: 100, iterations: 2, elites: 10 },
      planners: ['cem', 'mppi', 'icem'],
      tokensOnly: false,
      tokens: 1,
      full: {
        attempts: 2,
        pairs: 30,
        iterations: 10,
        problems: 20,
        tracedIterations: 30,
        plans: 50,
        checks: 10,
        profiles: 10,
        growthPairs: 10,
        growth: { samples: [30, 100, 1000], horizon: [1, 10, 20] },
      },
      quick: {
        attempts: 1,
        pairs: 6,
        iterations: 10,
        problems: 4,
        tracedIterations: 30,
        plans: 10,
        checks: 3,
        profiles: 3,
        growthPairs: 3,
        growth: { samples: [30, 1000], horizon: [1, 20] },
      },
    },
    {
      name: 'lewm-18m',
      folder: join(models, 'lewm-18m'),
      actionDim: 10,
      settings: budget({ samples: 300, elites: 30, horizon: 5, initialStd: 1, temperature: 0.5 }),
      // The only LeWM on a real arm that we know of plans with CEM 128 x 4, 16 elites.
      realtime: { samples: 128, iterations: 4, elites: 16 },
      planners: ['cem', 'mppi', 'icem'],
      tokensOnly: false,
      tokens: 1,
      full: {
        attempts: 2,
        pairs: 10,
        iterations: 5,
        problems: 20,
        tracedIterations: 30,
        plans: 10,
        checks: 3,
        profiles: 5,
        growthPairs: 3,
        growth: { samples: [30, 100, 1000], horizon: [1, 3, 10] },
      },
      quick: {
        attempts: 1,
        pairs: 2,
        iterations: 2,
        problems: 1,
        tracedIterations: 6,
        plans: 1,
        checks: 1,
        profiles: 1,
        growthPairs: 1,
        growth: { samples: [100], horizon: [1] },
      },
    },
    patches,
    ...[16, 64].map((tokens) => ({
      ...patches,
      name: `dino-patches-${tokens}`,
      folder: join(models, `dino-patches-${tokens}`),
      tokens,
      tokensOnly: true,
    })),
  ];
}

/**
 * @param {{ samples: number, elites: number, horizon: number, initialStd: number, temperature: number }} sizes
 * @returns {Settings}
 */
function budget({ samples, elites, horizon, initialStd, temperature }) {
  return {
    samples,
    iterations: 30,
    elites,
    horizon,
    initial_std: initialStd,
    bound: 100 * initialStd,
    temperature,
  };
}
