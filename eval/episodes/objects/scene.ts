import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { JepaMpcError } from '../../../src/core/errors.js';
import { cannot } from '../../../src/core/file-errors.js';
import type { PlacedShape } from '../../../src/robot/collision-geometry.js';
import { readPlainYaml } from '../../plain-yaml.js';

/** An object of a scene, in the frame of the robot's root link. */
export interface SceneObject extends PlacedShape {
  readonly name: string;
  /** Whether it falls and can be pushed. */
  readonly isFree: boolean;
}

const number = z.union([z.number(), z.bigint()]).transform(Number);
const length = number.pipe(z.number().positive());
const vector = z.tuple([number, number, number]);

/** What episodes need of an object. The simulator reads the same file, and refuses what it cannot use. */
const common = { name: z.string(), position: vector, rpy: vector.optional(), free: z.boolean().optional() };
const sceneSchema = z.object({
  objects: z.array(
    z.discriminatedUnion('shape', [
      z.object({ ...common, shape: z.literal('box'), size: z.tuple([length, length, length]) }),
      z.object({ ...common, shape: z.literal('cylinder'), radius: length, length }),
      z.object({ ...common, shape: z.literal('sphere'), radius: length }),
    ]),
  ),
});

/**
 * The objects of a scene file (docs/simulators.md#scenes), in its order.
 *
 * @throws JepaMpcError `params.invalid`
 */
export async function readScene(file: string): Promise<readonly SceneObject[]> {
  try {
    return parseScene(await readFile(file, 'utf8'), `scene ${file}`);
  } catch (error) {
    if (error instanceof JepaMpcError) throw error;
    const remedy = 'Give the path of a scene: --scene FILE.';
    throw cannot('be read', file, error, { code: 'params.invalid', user: 'the run', remedy });
  }
}

/** @param subject names the text in errors @throws JepaMpcError `params.invalid` */
export function parseScene(text: string, subject: string): readonly SceneObject[] {
  const parsed = sceneSchema.safeParse(readPlainYaml(text, subject));
  if (!parsed.success) {
    throw new JepaMpcError('params.invalid', {
      subject,
      found: z.prettifyError(parsed.error),
      expected: 'objects with a name, a shape, its lengths and a position',
      remedy: 'Write them as docs/simulators.md#scenes shows.',
      cause: parsed.error,
    });
  }
  return parsed.data.objects.map((object): SceneObject => {
    const { name, position: xyz, rpy = [0, 0, 0], free: isFree = false } = object;
    return { name, isFree, xyz, rpy, shape: shapeOf(object) };
  });
}

function shapeOf(object: z.infer<typeof sceneSchema>['objects'][number]): PlacedShape['shape'] {
  switch (object.shape) {
    case 'box':
      return { kind: 'box', size: object.size };
    case 'cylinder':
      return { kind: 'cylinder', radius: object.radius, length: object.length };
    case 'sphere':
      return { kind: 'sphere', radius: object.radius };
  }
}
