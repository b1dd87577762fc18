import type { ModelManifest } from './manifest-schema.js';

/** A field that is not what it should be. */
export interface Problem {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** Says that a field must hold: what was found there, and what would do. */
type Check = (holds: boolean, path: string, found: unknown, expected: string) => void;

/** Fields that must agree with each other, which the schema of single fields cannot see. */
interface Rule {
  /** As docs/model-contract.md has it. */
  readonly text: string;
  readonly check: (manifest: ModelManifest, check: Check) => void;
}

const PER_CHANNEL = ['mean', 'std'] as const;
const PER_JOINT = ['mean', 'std', 'lower', 'upper'] as const;

export const MANIFEST_RULES: readonly Rule[] = [
  {
    text: '`cameras[].mean` and `cameras[].std` have an entry for each channel.',
    check: ({ cameras }, check) => {
      for (const [index, camera] of cameras.entries()) {
        for (const key of PER_CHANNEL) {
          const { length } = camera[key];
          const expected = `${String(camera.channels)} entries (channels)`;
          check(length === camera.channels, `cameras[${String(index)}].${key}`, length, expected);
        }
      }
    },
  },
  {
    text: '`cameras[].colorOrder` is `mono` for 1 channel, and only then.',
    check: ({ cameras }, check) => {
      for (const [index, { channels, colorOrder }] of cameras.entries()) {
        const isMono = channels === 1;
        const expected = isMono ? '"mono" (1 channel)' : '"rgb" or "bgr" (3 channels)';
        check(
          isMono === (colorOrder === 'mono'),
          `cameras[${String(index)}].colorOrder`,
          colorOrder,
          expected,
        );
      }
    },
  },
  {
    text: 'No two cameras have the same name.',
    check: ({ cameras }, check) => {
      for (const [index, { name }] of cameras.entries()) {
        const isFirst = cameras.findIndex((other) => other.name === name) === index;
        check(isFirst, `cameras[${String(index)}].name`, name, 'a name that no other camera has');
      }
    },
  },
  {
    text: '`action.mean`, `std`, `lower` and `upper` have an entry for each joint; no joint is named twice.',
    check: ({ action }, check) => {
      const joints = action.joints.length;
      for (const key of PER_JOINT) {
        const { length } = action[key];
        check(length === joints, `action.${key}`, length, `${String(joints)} entries (joints)`);
      }
      check(new Set(action.joints).size === joints, 'action.joints', action.joints, 'every joint once');
    },
  },
  {
    text: 'Each lower bound of an action is below the upper one.',
    check: ({ action }, check) => {
      for (const [joint, lower] of action.lower.entries()) {
        const upper = action.upper[joint];
        if (upper === undefined) continue;
        const expected = `less than action.upper[${String(joint)}] (${String(upper)})`;
        check(lower < upper, `action.lower[${String(joint)}]`, lower, expected);
      }
    },
  },
  {
    text: '`history.window` is 1 for mode `markov`, and at least 2 for the others.',
    check: ({ history: { mode, window } }, check) => {
      if (mode === 'markov') check(window === 1, 'history.window', window, '1 (mode markov)');
      else check(window > 1, 'history.window', window, `at least 2 (mode ${mode})`);
    },
  },
  {
    // Copies of the first frame would have to be left by actions that nobody took.
    text: '`history.warmup` is `short` for mode `growing` and for actions `paired`.',
    check: ({ history: { mode, warmup, actions } }, check) => {
      if (mode === 'growing') check(warmup === 'short', 'history.warmup', warmup, '"short" (mode growing)');
      if (actions === 'paired')
        check(warmup === 'short', 'history.warmup', warmup, '"short" (actions paired)');
    },
  },
  {
    text: '`plannerDefaults.elites` is at most `samples`, `minStd` at most `initialStd`.',
    check: ({ plannerDefaults: { elites, samples, minStd, initialStd } }, check) => {
      check(elites <= samples, 'plannerDefaults.elites', elites, `at most samples (${String(samples)})`);
      const expected = `at most initialStd (${String(initialStd)})`;
      check(minStd <= initialStd, 'plannerDefaults.minStd', minStd, expected);
    },
  },
  {
    text: 'There is a graph `distance` if `objective.default` is `temporal_distance`.',
    check: ({ objective, graphs: { distance } }, check) => {
      if (objective.default !== 'temporal_distance') return;
      const expected = 'a distance graph (objective.default is temporal_distance)';
      check(distance !== undefined, 'graphs.distance', distance, expected);
    },
  },
];

/** Every rule that a manifest breaks. */
export function brokenRules(manifest: ModelManifest): Problem[] {
  const problems: Problem[] = [];
  for (const { check } of MANIFEST_RULES) {
    check(manifest, (holds, path, found, expected) => {
      if (!holds) problems.push({ path, found: showValue(found), expected });
    });
  }
  return problems;
}

/** A value of a manifest as an error shows it. */
export function showValue(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
