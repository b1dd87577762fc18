import { END_EFFECTOR_AXES, fieldSize } from '../core/model-spec.js';
import { PROPRIOCEPTION } from './graph-signatures.js';
import type { WrittenManifest } from './manifest-schema.js';

/** A field that is wrong. */
export interface Problem {
  /** Of the field, as in `cameras[0].mean`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** Notes a problem with a field unless the condition holds. */
type Check = (holds: boolean, path: string, found: unknown, expected: string) => void;

/** A condition on several fields, which the schema of single fields cannot express. */
interface Rule {
  /** For docs/model-contract.md. */
  readonly text: string;
  readonly check: (manifest: WrittenManifest, check: Check) => void;
}

const PER_CHANNEL = ['mean', 'std'] as const;
const PER_ENTRY = ['mean', 'std', 'lower', 'upper', 'frozen', 'deadBand'] as const;

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
    text: '`cameras[].colorOrder` is `mono` if and only if there is 1 channel.',
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
    text: 'No two cameras have the same name, and no camera is named `proprioception` if there is an input of that name.',
    check: ({ cameras, proprioception }, check) => {
      for (const [index, { name }] of cameras.entries()) {
        const isFirst = cameras.findIndex((other) => other.name === name) === index;
        const path = `cameras[${String(index)}].name`;
        check(isFirst, path, name, 'a name that no other camera has');
        if (proprioception !== undefined)
          check(name !== PROPRIOCEPTION, path, name, `another name than the input ${PROPRIOCEPTION}`);
      }
    },
  },
  {
    text: '`action.mean`, `std`, `lower`, `upper`, `frozen` and `deadBand` have an entry for each joint, or for each of `names` if those are given; no joint is named twice.',
    check: ({ action }, check) => {
      const entries = (action.names ?? action.joints).length;
      const what = action.names === undefined ? 'joints' : 'names';
      for (const key of PER_ENTRY) {
        const length = action[key]?.length ?? entries;
        check(length === entries, `action.${key}`, length, `${String(entries)} entries (${what})`);
      }
      const isOnce = new Set(action.joints).size === action.joints.length;
      check(isOnce, 'action.joints', action.joints, 'every joint once');
    },
  },
  {
    text: '`action.names` and `action.endEffector` are given if and only if the kind is `end_effector_delta`. `names` are in the order in which the table lists them, each at most once. `gripper` is given if and only if `names` contains it.',
    check: ({ action: { kind, names, endEffector, gripper } }, check) => {
      const isEndEffector = kind === 'end_effector_delta';
      const wanted = (what: string): string =>
        isEndEffector ? `${what} (kind ${kind})` : `none (kind ${kind})`;
      check(
        isEndEffector === (names !== undefined),
        'action.names',
        names,
        wanted(END_EFFECTOR_AXES.join(', ')),
      );
      check(
        isEndEffector === (endEffector !== undefined),
        'action.endEffector',
        endEffector,
        wanted('the link that is moved'),
      );
      const places = (names ?? []).map((name) => END_EFFECTOR_AXES.indexOf(name));
      const isInOrder = places.every((place, i) => i === 0 || place > (places[i - 1] ?? -1));
      check(isInOrder, 'action.names', names, `some of ${END_EFFECTOR_AXES.join(', ')}, in this order`);
      const isNamed = names?.includes('gripper') === true;
      check(
        isNamed === (gripper !== undefined),
        'action.gripper',
        gripper,
        isNamed ? 'the joint that is moved (names has gripper)' : 'none (names has no gripper)',
      );
    },
  },
  {
    text: 'The positions `zero` and `one` of a fraction differ.',
    check: ({ action: { gripper }, proprioception }, check) => {
      if (gripper !== undefined)
        check(gripper.zero !== gripper.one, 'action.gripper.one', gripper.one, 'another position than zero');
      for (const [index, field] of (proprioception?.fields ?? []).entries()) {
        if (field.kind !== 'fraction') continue;
        const path = `proprioception.fields[${String(index)}].one`;
        check(field.zero !== field.one, path, field.one, 'another position than zero');
      }
    },
  },
  {
    text: '`action.deadBand` is not given for kind `joint_position`, where 0 is a position.',
    check: ({ action: { kind, deadBand } }, check) => {
      const isPlace = kind === 'joint_position';
      check(!isPlace || deadBand === undefined, 'action.deadBand', deadBand, `none (kind ${kind})`);
    },
  },
  {
    text: 'A frozen entry of an action is inside the bounds, if those are raw actions; not all entries are frozen.',
    check: ({ action: { frozen = [], lower, upper, boundsIn } }, check) => {
      for (const [index, value] of frozen.entries()) {
        if (value === null || boundsIn === 'model') continue;
        const [min = -Infinity, max = Infinity] = [lower[index], upper[index]];
        const isInside = value >= min && value <= max;
        check(isInside, `action.frozen[${String(index)}]`, value, `from ${String(min)} to ${String(max)}`);
      }
      const isAll = frozen.length > 0 && frozen.every((value) => value !== null);
      check(!isAll, 'action.frozen', frozen, 'a null, for an entry that is planned');
    },
  },
  {
    text: '`proprioception.mean` and `std` have an entry for each number of its fields; its joints are moved by actions.',
    check: ({ proprioception, action }, check) => {
      if (proprioception === undefined) return;
      const size = proprioception.fields.reduce((total, field) => total + fieldSize(field), 0);
      for (const key of ['mean', 'std'] as const) {
        const { length } = proprioception[key];
        check(
          length === size,
          `proprioception.${key}`,
          length,
          `${String(size)} entries (numbers of its fields)`,
        );
      }
      const joints = [...action.joints, ...(action.gripper === undefined ? [] : [action.gripper.joint])];
      for (const [index, field] of proprioception.fields.entries()) {
        if (field.kind === 'pose') continue;
        const path = `proprioception.fields[${String(index)}].joint`;
        check(joints.includes(field.joint), path, field.joint, `one of action.joints (${joints.join(', ')})`);
      }
    },
  },
  {
    text: 'For `goal.kind` `state` there are `proprioception` and a graph `goalEncoder`, which takes nothing else.',
    check: ({ goal, proprioception, graphs: { goalEncoder } }, check) => {
      if (goal.kind !== 'state') return;
      check(
        goalEncoder !== undefined,
        'graphs.goalEncoder',
        goalEncoder,
        'a goal encoder (goal.kind is state)',
      );
      const expected = 'what a goal is (goal.kind is state)';
      check(proprioception !== undefined, 'proprioception', proprioception, expected);
    },
  },
  {
    text: 'For `goal.proprioception` `from_images` there are `proprioception` and a graph `goalEncoder`, and `goal.kind` is `image`.',
    check: ({ goal, proprioception, graphs: { goalEncoder } }, check) => {
      if (goal.proprioception !== 'from_images') return;
      const why = '(goal.proprioception is from_images)';
      check(goal.kind === 'image', 'goal.kind', goal.kind, `"image" ${why}`);
      check(goalEncoder !== undefined, 'graphs.goalEncoder', goalEncoder, `a goal encoder ${why}`);
      check(proprioception !== undefined, 'proprioception', proprioception, `what is read ${why}`);
    },
  },
  {
    text: 'Streams are inside the latent, no two have the same name, and at least one of images has a weight above 0.',
    check: ({ latent: { tokens, dim, streams }, proprioception }, check) => {
      if (streams === undefined) return;
      for (const [index, stream] of streams.entries()) {
        const path = `latent.streams[${String(index)}]`;
        for (const [key, size] of [
          ['tokens', tokens],
          ['dims', dim],
        ] as const) {
          const [start, end] = stream[key];
          const isInside = start < end && end <= size;
          check(isInside, `${path}.${key}`, stream[key], `[start, end] with start < end <= ${String(size)}`);
        }
        const isFirst = streams.findIndex(({ name }) => name === stream.name) === index;
        check(isFirst, `${path}.name`, stream.name, 'a name that no other stream has');
        const isFed = stream.of !== 'proprioception' || proprioception !== undefined;
        check(isFed, `${path}.of`, stream.of, 'images or carry (there is no proprioception)');
      }
      const counts = streams.some(({ of, weight }) => of === 'images' && weight > 0);
      check(
        counts,
        'latent.streams',
        streams.map(({ weight }) => weight),
        'a weight above 0 for one of images',
      );
    },
  },
  {
    text: 'Each lower bound of an action is below its upper bound.',
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
    // Otherwise the predictor would see copies of the first frame, which no action has led from one to the next.
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

/** The problems that the rules find in a manifest. */
export function brokenRules(manifest: WrittenManifest): Problem[] {
  const problems: Problem[] = [];
  for (const { check } of MANIFEST_RULES) {
    check(manifest, (holds, path, found, expected) => {
      if (!holds) problems.push({ path, found: showValue(found), expected });
    });
  }
  return problems;
}

/** Characters of a value that an error shows. */
const SHOWN = 200;

/** A value of a manifest as an error shows it. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    // JSON.parse reads any depth, JSON.stringify does not.
    return 'something that is nested too deeply';
  }
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
