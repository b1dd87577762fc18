import { z } from 'zod';

import { ACTION_KINDS, END_EFFECTOR_AXES, type ActionSpec } from '../core/model-spec.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS } from '../core/objective-spec.js';
import { dataFileName, fileName, topicName } from './manifest-names.js';
import { plannerDefaultsSchema } from './planner-defaults-schema.js';

/*
 * The fields of `manifest.json`. docs/model-contract.md is generated from them: each has a description, arrays have a `shape`, quantities a
 * `unit`.
 */

export const CONTRACT_FORMAT = 'jepa-mpc-model';
export const CONTRACT_VERSION = 1;

const text = z.string().min(1);
const count = z.int().min(1);
const positive = z.number().positive();

const HASH = /^[0-9a-f]{64}$/;
const HASH_FORM = '64 lower-case hexadecimal digits';
const sha256 = z
  .string()
  .regex(HASH, HASH_FORM)
  .describe('SHA-256 of the file; a file with another hash is refused');

const dataSchema = z.strictObject({
  file: dataFileName.describe(
    'File with tensors of the graph (ONNX external data), in the model folder or a folder inside it',
  ),
  sha256,
});

/** File of a graph. @param what name of the graph, for people */
function graphSchema(what: string) {
  return z.strictObject({
    file: fileName.describe(`ONNX file of the ${what}`),
    sha256,
    data: z
      .array(dataSchema)
      .optional()
      .describe(
        'Files with weights outside of the ONNX file; a file that is not listed is accepted with a warning',
      ),
  });
}

const cameraSchema = z.strictObject({
  name: text.describe('Name of the camera, and of the encoder input for its images'),
  topic: topicName.describe('Relative ROS topic of its images'),
  width: count.meta({ unit: 'pixels', description: 'Width of the input' }),
  height: count.meta({ unit: 'pixels', description: 'Height of the input' }),
  channels: z.union([z.literal(1), z.literal(3)]).describe('Channels of the input (C)'),
  colorOrder: z.enum(['rgb', 'bgr', 'mono']).describe('Order of the channels; `mono` for 1 channel'),
  resize: z
    .enum(['squash', 'shortest-edge-crop', 'largest-square-crop'])
    .describe(
      '`squash` ignores the aspect ratio; `shortest-edge-crop` scales the image until it just covers the input, then crops the centre; `largest-square-crop` crops the largest centred square, then scales it',
    ),
  interpolation: z
    .enum(['area', 'bilinear', 'bilinear-antialias', 'bicubic-antialias', 'nearest'])
    .describe(
      'How the image is scaled. `bilinear` has no low-pass filter, as in OpenCV and `interpolate(align_corners=False)` of PyTorch; `-antialias` has one, as in Pillow and torchvision',
    ),
  scale: positive.describe(
    'The input of channel c is `(pixel * scale - mean[c]) / std[c]`, pixel from 0 to 255',
  ),
  mean: z.array(z.number()).meta({ shape: '[C]', description: 'Mean of each channel, after scaling' }),
  std: z
    .array(positive)
    .meta({ shape: '[C]', description: 'Standard deviation of each channel, after scaling' }),
});

/** The position of a joint as a fraction of the range between two positions: 0 at the first, 1 at the second. */
const fraction = {
  joint: text.describe('Name of the joint'),
  zero: z.number().meta({ unit: 'rad or m', description: 'Position that counts as 0' }),
  one: z.number().meta({ unit: 'rad or m', description: 'Position that counts as 1' }),
};

const proprioceptionSchema = z.strictObject({
  fields: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('joint_position').describe('Position of a joint, rad or m'),
          joint: text.describe('Name of the joint'),
        }),
        z.strictObject({
          kind: z.literal('joint_velocity').describe('Velocity of a joint, rad/s or m/s'),
          joint: text.describe('Name of the joint'),
        }),
        z.strictObject({
          kind: z
            .literal('pose')
            .describe('Six numbers: x, y, z [m] and extrinsic xyz Euler angles [rad] of a link'),
          base: text.describe('Link in whose frame the pose is given'),
          link: text.describe('Link whose pose it is'),
        }),
        z.strictObject({
          kind: z
            .literal('fraction')
            .describe('Position of a joint between two others, as a fraction: for a gripper'),
          ...fraction,
        }),
      ]),
    )
    .min(1)
    .describe("In the order of the encoder's input; every joint must be in `action.joints`"),
  mean: z
    .array(z.number())
    .meta({ shape: '[P]', unit: 'raw', description: 'The encoder sees `(raw - mean) / std`' }),
  std: z.array(positive).meta({ shape: '[P]', unit: 'raw', description: 'See `mean`' }),
});

const range = z.tuple([z.int().min(0), count]);

const streamSchema = z.strictObject({
  name: text.describe('Name of the stream, for people'),
  of: z
    .enum(['images', 'proprioception', 'carry'])
    .describe('What it is computed from; `carry` is memory of the predictor, which the encoder initialises'),
  update: z
    .enum(['predicted', 'pose', 'hold'])
    .describe(
      'What the predictor does with it: predicts it (`predicted`), composes the pose with the action (`pose`), or leaves it as it is (`hold`); for people',
    ),
  tokens: range.describe('First token, and the one after the last'),
  dims: range.describe('First number of each of these tokens, and the one after the last'),
  weight: z
    .number()
    .min(0)
    .describe(
      'Weight of its distance from the goal in the cost. For image goals a stream of `proprioception` is left out, whatever its weight, unless `goal.proprioception` is `from_images`',
    ),
});

const actionSchema = z.strictObject({
  kind: z
    .enum(ACTION_KINDS)
    .describe(
      'What an action is: `joint_velocity` [rad/s or m/s], held for a period; `joint_position` [rad or m] at the end of the period; `joint_delta` [rad or m], the displacement in a period; or `end_effector_delta`, the displacement [m] and rotation [rad] of a link in a period',
    ),
  joints: z.array(text).min(1).meta({
    shape: '[J]',
    description: 'Joints that actions move. For the joint kinds in the order of an action, A = J',
  }),
  names: z.array(z.enum(END_EFFECTOR_AXES)).min(1).optional().meta({
    shape: '[A]',
    description:
      'Only for `end_effector_delta`: the entries of an action, in this order. `x`, `y`, `z` are in the frame of `endEffector.base`; the rotation is extrinsic xyz Euler angles, `R_next = R_delta R`; `gripper` is a change of the fraction that `action.gripper` defines',
  }),
  endEffector: z
    .strictObject({
      base: text.describe('Link in whose frame the motion is given'),
      link: text.describe('Link that is moved'),
    })
    .optional()
    .describe('Only for `end_effector_delta`: what is moved'),
  gripper: z
    .strictObject(fraction)
    .optional()
    .describe('Joint that the entry `gripper` of `names` moves, and its positions'),
  unit: text.describe('Unit of raw actions, for people: `rad/s`, `m/s`'),
  periodMs: positive.meta({ unit: 'ms', description: 'Control period: how long one raw action is held' }),
  block: count.describe(
    'Raw actions in one predictor step; the predictor takes `A * block` numbers, ordered [period][entry]',
  ),
  mean: z
    .array(z.number())
    .meta({ shape: '[A]', unit: 'raw', description: 'The predictor sees `(raw - mean) / std`' }),
  std: z.array(positive).meta({ shape: '[A]', unit: 'raw', description: 'See `mean`' }),
  lower: z
    .array(z.number())
    .meta({ shape: '[A]', unit: 'see `boundsIn`', description: 'Minimum of each entry' }),
  upper: z
    .array(z.number())
    .meta({ shape: '[A]', unit: 'see `boundsIn`', description: 'Maximum of each entry' }),
  boundsIn: z
    .enum(['raw', 'model'])
    .default('raw')
    .describe('Whether `lower` and `upper` are raw actions (`raw`) or what the predictor sees (`model`)'),
  frozen: z.array(z.number().nullable()).optional().meta({
    shape: '[A]',
    unit: 'raw',
    description: 'Fixed value of an entry; null for an entry that is planned',
  }),
  deadBand: z.array(z.number().min(0)).optional().meta({
    shape: '[A]',
    unit: 'raw',
    description: 'An entry whose magnitude is below this is commanded as 0',
  }),
});

const historySchema = z.strictObject({
  mode: z
    .enum(['sliding', 'markov', 'growing'])
    .describe(
      'Latents that the predictor sees, one predictor step apart: `markov` only the newest, `sliding` the last `window`, `growing` all since the first, up to `window`',
    ),
  window: count.describe('Latents in the window (W)'),
  warmup: z
    .enum(['repeat', 'short'])
    .describe(
      'What replaces frames before the first: `repeat`, copies of the first; `short`, nothing: a plan starts from the newest frame only, and the window (a dynamic axis) fills with predictions',
    ),
  actions: z
    .enum(['newest', 'paired'])
    .default('newest')
    .describe(
      '`newest`: the predictor takes the block of actions that leaves the newest latent; `paired`: for each latent, the block that leaves it',
    ),
});

/** `manifest.json` of a model folder. */
export const manifestSchema = z.strictObject({
  format: z.literal(CONTRACT_FORMAT).describe('Identifies the file as the manifest of a model'),
  version: z
    .literal(CONTRACT_VERSION)
    .describe(
      'Version of this contract; a model of another version is refused, and the error names the version that is needed',
    ),
  name: text.describe('Name of the model, for people'),
  description: z.string().describe('What it is, for people'),
  licence: text.describe('Licence of the weights, as an SPDX identifier where there is one'),
  graphs: z
    .strictObject({
      encoder: graphSchema('encoder').describe('Images to a latent'),
      predictor: graphSchema('predictor').describe('Latents and actions to the next latent'),
      distance: graphSchema('temporal distance').optional().describe('Learned distance to the goal'),
      inverseDynamics: graphSchema('inverse dynamics')
        .optional()
        .describe(
          'Proposes the actions from a latent to the goal; planners try them among their first candidates',
        ),
      goalEncoder: graphSchema('goal encoder')
        .optional()
        .describe('Goals to a latent, if a graph other than the encoder does that'),
    })
    .describe('Files of the graphs; see above for their inputs and outputs'),
  proprioception: proprioceptionSchema
    .optional()
    .describe('Measurements of the robot that the encoder takes as its last input, in addition to images'),
  cameras: z.array(cameraSchema).min(1).describe("Cameras, in the order of the encoder's inputs"),
  latent: z
    .strictObject({
      tokens: count.describe('Tokens of a latent (N)'),
      dim: count.describe('Numbers in a token (D)'),
      streams: z
        .array(streamSchema)
        .min(1)
        .optional()
        .describe(
          'Parts of a latent that are compared with the goal separately; the cost is the weighted sum of their distances. None: the latent is compared as a whole',
        ),
    })
    .describe('Size of a latent'),
  history: historySchema.describe('Past latents that the predictor sees'),
  action: actionSchema.describe('Actions that are planned'),
  goal: z
    .strictObject({
      kind: z
        .enum(['image', 'state'])
        .describe(
          'What a goal is: images of the cameras, or a state of the robot, which the goal encoder turns into a latent. Every model also accepts latents as goals',
        ),
      proprioception: z
        .enum(['unknown', 'from_images'])
        .default('unknown')
        .describe(
          'Proprioception of a goal that is given as images: `unknown`, or read by the goal encoder (`from_images`), which then takes images alone. A goal whose joint positions are known is then encoded by the encoder',
        ),
    })
    .describe('What goals are'),
  objective: z
    .strictObject({
      default: z
        .enum(DISTANCE_METRICS)
        .describe('Distance that scores plans ([objectives.md](objectives.md))'),
      steps: z.enum(STEP_AGGREGATIONS).describe('Predicted steps that count'),
    })
    .describe('Default objective; parameters override it'),
  plannerDefaults: plannerDefaultsSchema.describe(
    'Planner settings that suit the model; parameters override them',
  ),
  provenance: z
    .strictObject({
      source: z.string().describe('Where the weights come from'),
      createdBy: z.string().describe('Command that wrote the folder'),
      dataset: z.string().describe('What it was trained on'),
      checkpointSha256: z
        .string()
        .regex(HASH, HASH_FORM)
        .optional()
        .describe('SHA-256 of the checkpoint that the weights were exported from; shown, not checked'),
    })
    .describe('Where the model comes from, for people'),
  golden: z
    .strictObject({
      file: fileName.describe('Golden vectors (safetensors)'),
      sha256,
      tolerance: z
        .strictObject({
          cpu: positive.describe('On the CPU'),
          webgpu: positive.describe('On every other device'),
        })
        .describe('Maximum absolute difference from a golden output'),
    })
    .describe('Inputs and expected outputs; every load computes the outputs again'),
});

/** `manifest.json` as written, with the defaults of single fields filled in. */
export type WrittenManifest = z.infer<typeof manifestSchema>;

/** A manifest that was checked, with everything that it may leave out filled in. */
export type ModelManifest = Omit<WrittenManifest, 'action'> & { readonly action: ActionSpec };
