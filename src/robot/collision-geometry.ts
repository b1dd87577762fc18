import { JepaMpcError } from '../core/errors.js';
import {
  attribute,
  childElements,
  invalid,
  numberAttribute,
  onlyChild,
  requiredName,
  vectorAttribute,
  type Vector3,
  type XmlElement,
} from './urdf-xml.js';

/** A primitive of `<geometry>`, in m. Axes of cylinders and capsules are z. */
export type Shape =
  | { readonly kind: 'box'; readonly size: Vector3 }
  | { readonly kind: 'sphere'; readonly radius: number }
  | { readonly kind: 'cylinder'; readonly radius: number; readonly length: number }
  /** `length` is that of the cylinder between the two half spheres. */
  | { readonly kind: 'capsule'; readonly radius: number; readonly length: number };

/** A shape in the frame of its link: translation [m] and fixed-axis roll, pitch, yaw [rad] of its own frame. */
export interface PlacedShape {
  readonly shape: Shape;
  readonly xyz: Vector3;
  readonly rpy: Vector3;
}

/** What the elements of one kind, `<collision>` or `<visual>`, say of a link. */
export interface LinkShapes {
  readonly shapes: readonly PlacedShape[];
  /** Elements that have no primitive, in words, such as `mesh 'package://arm/hand.stl'`. */
  readonly withoutShape: readonly string[];
}

export interface LinkGeometry {
  readonly collision: LinkShapes;
  readonly visual: LinkShapes;
}

/** Which elements count: those for collisions alone, or visuals too where a link has no collision element. */
export type GeometrySource = 'collision' | 'collision_or_visual';

const NOTHING: LinkShapes = { shapes: [], withoutShape: [] };

/** The shapes of a link that count. A link whose collision element is a mesh keeps it: its visuals may be smaller. */
export function shapesOf(geometry: LinkGeometry | undefined, source: GeometrySource): LinkShapes {
  if (geometry === undefined) return NOTHING;
  const { collision, visual } = geometry;
  const hasCollision = collision.shapes.length + collision.withoutShape.length > 0;
  return source === 'collision_or_visual' && !hasCollision ? visual : collision;
}

/**
 * Reads the shapes of a `<link>` element. A visual that cannot be read counts as one without a shape, because it steers nothing by default.
 *
 * @throws JepaMpcError `urdf.invalid`, naming link, element and attribute of a collision element
 */
export function parseLinkGeometry(link: XmlElement): LinkGeometry {
  const where = `link '${requiredName(link, 'name', '<link>')}'`;
  const collision = childElements(link, 'collision').map((element) =>
    parseElement(element, `${where}, <collision>`),
  );
  const visual = childElements(link, 'visual').map((element) => {
    try {
      return parseElement(element, `${where}, <visual>`);
    } catch (error) {
      if (error instanceof JepaMpcError) return 'a visual that cannot be read';
      throw error;
    }
  });
  return { collision: sorted(collision), visual: sorted(visual) };
}

function sorted(elements: readonly (PlacedShape | string)[]): LinkShapes {
  return {
    shapes: elements.filter((element) => typeof element !== 'string'),
    withoutShape: elements.filter((element) => typeof element === 'string'),
  };
}

/** @returns the shape, or in words what there is instead */
function parseElement(element: XmlElement, where: string): PlacedShape | string {
  const shape = parseShape(onlyChild(element, 'geometry', where) ?? {}, `${where}, <geometry>`);
  if (typeof shape === 'string') return shape;
  const origin = onlyChild(element, 'origin', where);
  return {
    shape,
    xyz: vectorAttribute(origin, 'xyz', [0, 0, 0], `${where}, <origin>`),
    rpy: vectorAttribute(origin, 'rpy', [0, 0, 0], `${where}, <origin>`),
  };
}

function parseShape(geometry: XmlElement, where: string): Shape | string {
  const kinds = Object.keys(geometry).filter((name) => !name.startsWith('@') && !name.startsWith('#'));
  const [kind] = kinds;
  if (kind === undefined) return 'an element without geometry';
  if (kinds.length > 1) {
    throw invalid(where, `<${kinds.join('> and <')}>`, 'one shape', 'Write one element for each shape.');
  }
  const element = onlyChild(geometry, kind, where) ?? {};
  const at = `${where}, <${kind}>`;
  switch (kind) {
    case 'box':
      return { kind, size: sizeAttribute(element, at) };
    case 'sphere':
      return { kind, radius: lengthAttribute(element, 'radius', at) };
    case 'cylinder':
    case 'capsule':
      return {
        kind,
        radius: lengthAttribute(element, 'radius', at),
        length: lengthAttribute(element, 'length', at),
      };
    case 'mesh':
      return `mesh '${attribute(element, 'filename') ?? ''}'`;
    default:
      return `<${kind}>`;
  }
}

const LENGTHS = 'lengths in m, 0 or more';

function lengthAttribute(element: XmlElement, name: string, where: string): number {
  const value = numberAttribute(element, name, where);
  if (value === null || value < 0) {
    const found = value === null ? `no attribute ${name}` : `${name} ${String(value)}`;
    throw invalid(where, found, LENGTHS, `Write ${name} in m.`);
  }
  return value;
}

function sizeAttribute(element: XmlElement, where: string): Vector3 {
  const found = attribute(element, 'size');
  const size = vectorAttribute(element, 'size', [-1, -1, -1], where);
  if (size.some((length) => length < 0)) {
    const what = found === null ? 'no attribute size' : `size '${found}'`;
    throw invalid(where, what, LENGTHS, 'Write all three sides in m.');
  }
  return size;
}
