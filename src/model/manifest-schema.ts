import { z } from 'zod';

import { ACTION_KINDS, END_EFFECTOR_AXES, type ActionSpec } from '../core/model-spec.js';
import { DISTANCE_METRICS, STEP_AGGREGATIONS } from '../core/objective-spec.js';

/* What docs/model-contract.md says of a field stands beside it here: `shape` for arrays, `unit` for quantities, and a description. */

export const CONTRACT_FORMAT = 'jepa-mpc-model';
export const CONTRACT_VERSION = 1;

const text = z.string().min(1);
const count = z.int().min(1);
const positive = z.number().positive();

/** A plain file name: a model folder must not point outside itself. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'a plain file name inside the model folder');

const HASH = /^[0-9a-f]{64}$/;
const HASH_FORM = '64 lower-case hexadecimal digits';

const sha256 = z.string().regex(HASH, HASH_FORM).describe('SHA-256 of the file; another one is refused');

const dataSchema = z.strictObject({
  file: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/, 'a file inside the model folder')
    .describe(
      'File with tensors of the graph (ONNX external data); it may be in a folder of the model folder',
    ),
  sha256,
});

function graphSchema(what: string) {
  return z.strictObject({
    file: fileName.describe(`ONNX file of the ${what}`),
    sha256,
    data: z
      .array(dataSchema)
      .optional()
      .describe('Files with weights beside the graph; one that is not listed is taken with a warning'),
  });
}

const cameraSchema = z.strictObject({
  name: text.describe("Name of the camera, and of the encoder's input"),
  topic: text.describe('Relative ROS topic of its images'),
  width: count.meta({ unit: 'pixels', description: 'Width of the input' }),
  height: count.meta({ unit: 'pixels', description: 'Height of the input' }),
  channels: z.union([z.literal(1), z.literal(3)]).describe('Channels of the input (C)'),
  colorOrder: z
    .enum(['rgb', 'bgr', 'mono'])
    .describe('Order of the channels; `mono` is the one of 1 channel'),
  resize: z
    .enum(['squash', 'shortest-edge-crop', 'largest-square-crop'])
    .describe(
      '`squash` ignores the aspect ratio; `shortest-edge-crop` scales until the input is just covered, then cuts its centre; `largest-square-crop` cuts the largest centred square, then scales that',
    ),
  interpolation: z
    .enum(['area', 'bilinear', 'bilinear-antialias', 'bicubic-antialias', 'nearest'])
    .describe(
      'How the image is scaled: `bilinear` without a low-pass filter, as OpenCV and `interpolate(align_corners=False)` of PyTorch, `-antialias` with one, as Pillow and torchvision',
    ),
  scale: positive.describe('Input value of channel c: `(pixel * scale - mean[c]) / std[c]`, pixel 0 to 255'),
  mean: z.array(z.number()).meta({ shape: '[C]', description: 'Mean of each channel, after scaling' }),
  std: z.array(positive).meta({ shape: '[C]', description: 'Deviation of each channel, after scaling' }),
});

/** Where a joint is, as a share of the way from one position to another. */
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
          base: text.describe('The link in whose frame'),
          link: text.describe('The link whose pose it is'),
        }),
        z.strictObject({
          kind: z
            .literal('fraction')
            .describe('Share of the way of a joint between two positions: a gripper'),
          ...fraction,
        }),
      ]),
    )
    .min(1)
    .describe("In the order of the encoder's input; all joints must be among `action.joints`"),
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
    .describe('What it comes from; `carry` is memory of the predictor, which the encoder starts'),
  update: z
    .enum(['predicted', 'pose', 'hold'])
    .describe(
      'What the predictor graph does to it: predicts it, composes the pose with the action, or hands it on; for people',
    ),
  tokens: range.describe('First token, and the one after the last'),
  dims: range.describe('First number of each of these tokens, and the one after the last'),
  weight: z
    .number()
    .min(0)
    .describe(
      'Of its distance from the goal in the cost. For goals that are images a stream of `proprioception` is left out, whatever its weight',
    ),
});

const actionSchema = z.strictObject({
  kind: z
    .enum(ACTION_KINDS)
    .describe(
      'What an action is: `joint_velocity` [rad/s or m/s] held for a period, `joint_position` to be at when it ends, `joint_delta` to move by in it (both rad or m), or `end_effector_delta`: the way [m] and turn [rad] of a link in it',
    ),
  joints: z.array(text).min(1).meta({
    shape: '[J]',
    description: 'Joints acted on; of the joint kinds in the order of an action, A = J',
  }),
  names: z.array(z.enum(END_EFFECTOR_AXES)).min(1).optional().meta({
    shape: '[A]',
    description:
      'Of `end_effector_delta`, and only then: what an action is made of, in this order. `x`, `y`, `z` in the frame of `endEffector.base`; the turn is extrinsic xyz Euler angles, `R_next = R_delta R`; `gripper` a change of the share of `gripper`',
  }),
  endEffector: z
    .strictObject({
      base: text.describe('The link in whose frame it is moved'),
      link: text.describe('The link that is moved'),
    })
    .optional()
    .describe('Of `end_effector_delta`, and only then'),
  gripper: z
    .strictObject(fraction)
    .optional()
    .describe('What `gripper` of `names` moves; its joint is acted on too'),
  unit: text.describe('Unit of raw actions, for people: `rad/s`, `m/s`'),
  periodMs: positive.meta({ unit: 'ms', description: 'Control period: how long one raw action is held' }),
  block: count.describe(
    'Raw actions in one predictor step; the predictor is given `A * block` numbers, ordered [period][entry]',
  ),
  mean: z
    .array(z.number())
    .meta({ shape: '[A]', unit: 'raw', description: 'The predictor sees `(raw - mean) / std`' }),
  std: z.array(positive).meta({ shape: '[A]', unit: 'raw', description: 'See `mean`' }),
  lower: z.array(z.number()).meta({ shape: '[A]', unit: 'see `boundsIn`', description: 'Least action' }),
  upper: z.array(z.number()).meta({ shape: '[A]', unit: 'see `boundsIn`', description: 'Largest action' }),
  boundsIn: z
    .enum(['raw', 'model'])
    .default('raw')
    .describe('Whether `lower` and `upper` are of raw actions or of what the predictor sees'),
  frozen: z.array(z.number().nullable()).optional().meta({
    shape: '[A]',
    unit: 'raw',
    description: 'What an entry always is; null for those that are planned',
  }),
  deadBand: z
    .array(z.number().min(0))
    .optional()
    .meta({ shape: '[A]', unit: 'raw', description: 'An entry of a smaller magnitude is commanded as 0' }),
});

const historySchema = z.strictObject({
  mode: z
    .enum(['sliding', 'markov', 'growing'])
    .describe(
      'Latents that the predictor sees, one predictor step apart: `markov` the newest alone, `sliding` the last `window`, `growing` all since the first, up to `window`',
    ),
  window: count.describe('Latents in the window (W)'),
  warmup: z
    .enum(['repeat', 'short'])
    .describe(
      'What stands for frames from before the first: `repeat` copies of it; `short` nothing: a plan starts from the newest frame alone, and the window (a dynamic axis) fills with predictions',
    ),
  actions: z
    .enum(['newest', 'paired'])
    .default('newest')
    .describe(
      '`newest`: the predictor is given the block that leaves the newest latent; `paired`: for each latent the block that leaves it',
    ),
});

const plannerDefaultsSchema = z.strictObject({
  samples: count.describe('Candidates in an iteration'),
  iterations: count.describe('Iterations of a plan'),
  elites: count.describe('Candidates that the next iteration is fitted to'),
  horizon: count.meta({ unit: 'predictor steps', description: 'Steps that a plan looks ahead (H)' }),
  initialStd: positive.meta({
    unit: 'half ranges',
    description: 'Deviation of the first candidates, as a fraction of half the action range',
  }),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("Share of the old mean and deviation that a refit keeps; none: the planner's own"),
  actionRepeat: count
    .optional()
    .describe('Control periods that each sampled action is held for, whatever `action.block` is; none: 1'),
  minStd: z.number().min(0).meta({ unit: 'half ranges', description: 'Deviation that none falls below' }),
  actionPenalty: z
    .number()
    .min(0)
    .describe(
      "Weight of the mean of `(action / larger bound)²`; in the unit of the model's own objective, and left out beside another one",
    ),
  restMargin: z
    .number()
    .min(0)
    .optional()
    .describe(
      "A plan that does not cost this much less than rest is not followed; in the unit of the model's own objective, and left out beside another one; none: 0",
    ),
});

/** `manifest.json` of a model folder. */
export const manifestSchema = z.strictObject({
  format: z.literal(CONTRACT_FORMAT).describe('Says that this is the manifest of a model'),
  version: z
    .literal(CONTRACT_VERSION)
    .describe('Version of this contract; a model of another one is refused with the version that is needed'),
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
        .describe('A guess at the actions from a latent to the goal, which planners try among their first'),
      goalEncoder: graphSchema('goal encoder')
        .optional()
        .describe('Goal images to a latent, where another graph does it than the encoder'),
    })
    .describe('The graphs; see above'),
  proprioception: proprioceptionSchema
    .optional()
    .describe('What the encoder is told of the robot besides images, as its last input'),
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
          'Parts of a latent that are compared with the goal each by itself; the cost is the sum of their distances by weight. None: the latent as a whole',
        ),
    })
    .describe('Size of a latent'),
  history: historySchema.describe('Which past latents the predictor looks at'),
  action: actionSchema.describe('What is planned'),
  goal: z
    .strictObject({
      kind: z
        .enum(['image', 'state'])
        .describe(
          'What a goal is given as: images of the cameras, or a state of the robot, of which the goal encoder makes a latent. Latents are taken as goals of every model',
        ),
    })
    .describe('How goals are given'),
  objective: z
    .strictObject({
      default: z
        .enum(DISTANCE_METRICS)
        .describe('Distance that plans are judged by ([objectives.md](objectives.md))'),
      steps: z.enum(STEP_AGGREGATIONS).describe('Predicted steps that count'),
    })
    .describe('What plans are judged by unless a parameter says otherwise'),
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
          cpu: positive.describe('On the cpu'),
          webgpu: positive.describe('On every other device'),
        })
        .describe('Largest absolute difference from a golden output'),
    })
    .describe('Inputs and outputs that are computed again at every load'),
});

/** `manifest.json` as it is written, with the defaults of single fields. */
export type WrittenManifest = z.infer<typeof manifestSchema>;

/** What a model folder declares about itself, checked and complete. */
export type ModelManifest = Omit<WrittenManifest, 'action'> & { readonly action: ActionSpec };
