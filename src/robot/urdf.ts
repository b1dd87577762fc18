import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { JepaMpcError } from '../core/errors.js';

const JOINT_TYPES = ['revolute', 'prismatic', 'continuous', 'fixed', 'floating', 'planar'] as const;

/** Joint types of the URDF specification. `floating` and `planar` are read, but can neither be commanded nor lie on a kinematic chain. */
export type UrdfJointType = (typeof JOINT_TYPES)[number];

export type Vector3 = readonly [number, number, number];

/** The `<limit>` element as written, in SI units; null where the attribute is missing. */
export interface UrdfLimit {
  readonly lower: number | null;
  readonly upper: number | null;
  readonly velocity: number | null;
  readonly effort: number | null;
  /** Attribute of URDF 1.2; parsers of 1.0 ignore it. */
  readonly acceleration: number | null;
}

/** The soft limits of `<safety_controller>` as written, in SI units; null where the attribute is missing. */
export interface UrdfSoftLimits {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The `<mimic>` element: this joint is at `multiplier * (position of the other) + offset`. */
export interface UrdfMimic {
  /** The other joint, which may itself mimic one. */
  readonly joint: string;
  /** In the unit of this joint for each of the other. */
  readonly multiplier: number;
  /** rad or m */
  readonly offset: number;
}

export interface UrdfJoint {
  readonly name: string;
  readonly type: UrdfJointType;
  readonly parent: string;
  readonly child: string;
  /** Child frame in the parent frame at joint position 0: translation [m] and fixed-axis roll, pitch, yaw [rad]. */
  readonly origin: { readonly xyz: Vector3; readonly rpy: Vector3 };
  /** Unit vector in the child frame. */
  readonly axis: Vector3;
  /** Null where there is no `<limit>` element. */
  readonly limit: UrdfLimit | null;
  readonly softLimits: UrdfSoftLimits;
  /** Null for a joint that moves independently, and for a fixed one. */
  readonly mimic: UrdfMimic | null;
}

/** A robot description reduced to what control needs. The joints form one tree over the links. */
export interface Urdf {
  readonly name: string;
  readonly links: readonly string[];
  readonly joints: readonly UrdfJoint[];
  readonly rootLink: string;
}

type XmlElement = Readonly<Record<string, unknown>>;

function invalid(where: string, found: string, expected: string, remedy: string): JepaMpcError {
  return new JepaMpcError('urdf.invalid', {
    subject: `robot description, ${where}`,
    found,
    expected,
    remedy,
  });
}

function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Child elements of one name. The parser gives one child as an object, several as an array, an empty one as ''. */
function childElements(parent: XmlElement, name: string): XmlElement[] {
  if (!Object.hasOwn(parent, name)) return [];
  const value = parent[name];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => (isElement(item) ? item : {}));
}

function onlyChild(parent: XmlElement, name: string, where: string): XmlElement | null {
  const children = childElements(parent, name);
  if (children.length > 1) {
    throw invalid(
      where,
      `${String(children.length)} <${name}> elements`,
      'at most one',
      `Keep one <${name}>.`,
    );
  }
  return children[0] ?? null;
}

function attribute(element: XmlElement, name: string): string | null {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : null;
}

function requiredName(element: XmlElement, attributeName: string, where: string): string {
  const value = attribute(element, attributeName)?.trim() ?? '';
  if (value === '') {
    throw invalid(
      where,
      `no attribute ${attributeName}`,
      `a non-empty ${attributeName}`,
      'Add the attribute.',
    );
  }
  if (isXacro(value)) throw invalid(`${where}, attribute ${attributeName}`, `'${value}'`, 'a name', EXPAND);
  return value;
}

const EXPAND = 'Expand it first: xacro arm.urdf.xacro > arm.urdf.';

function isXacro(text: string): boolean {
  return text.includes('${') || text.includes('$(');
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function finiteNumber(text: string, where: string): number {
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) {
    const remedy = isXacro(text) ? EXPAND : 'Write a plain decimal number in SI units.';
    throw invalid(where, `'${text}'`, 'a finite number', remedy);
  }
  return value;
}

function numberAttribute(element: XmlElement, name: string, where: string): number | null {
  const text = attribute(element, name);
  return text === null ? null : finiteNumber(text.trim(), `${where}, attribute ${name}`);
}

function vectorAttribute(
  element: XmlElement | null,
  name: string,
  fallback: Vector3,
  where: string,
): Vector3 {
  const text = element === null ? null : attribute(element, name);
  if (text === null) return fallback;
  const at = `${where}, attribute ${name}`;
  const numbers = text
    .trim()
    .split(/\s+/)
    .map((part) => finiteNumber(part, at));
  const [x, y, z] = numbers;
  if (x === undefined || y === undefined || z === undefined || numbers.length !== 3) {
    throw invalid(at, `'${text}'`, 'three numbers separated by spaces', 'Write all three components.');
  }
  return [x, y, z];
}

function isJointType(type: string): type is UrdfJointType {
  return (JOINT_TYPES as readonly string[]).includes(type);
}

function unitAxis(axis: Vector3, where: string): Vector3 {
  const length = Math.hypot(...axis);
  if (!(length > 1e-9) || !Number.isFinite(length)) {
    throw invalid(
      `${where}, <axis>`,
      `'${axis.join(' ')}'`,
      'a direction of non-zero length',
      'Write for example xyz="0 0 1".',
    );
  }
  return [axis[0] / length, axis[1] / length, axis[2] / length];
}

function parseLimit(joint: XmlElement, where: string): UrdfLimit | null {
  const limit = onlyChild(joint, 'limit', where);
  if (limit === null) return null;
  const at = `${where}, <limit>`;
  return {
    lower: numberAttribute(limit, 'lower', at),
    upper: numberAttribute(limit, 'upper', at),
    velocity: numberAttribute(limit, 'velocity', at),
    effort: numberAttribute(limit, 'effort', at),
    acceleration: numberAttribute(limit, 'acceleration', at),
  };
}

function parseSoftLimits(joint: XmlElement, where: string): UrdfSoftLimits {
  const controller = onlyChild(joint, 'safety_controller', where) ?? {};
  const at = `${where}, <safety_controller>`;
  return {
    lower: numberAttribute(controller, 'soft_lower_limit', at),
    upper: numberAttribute(controller, 'soft_upper_limit', at),
  };
}

function parseMimic(joint: XmlElement, where: string): UrdfMimic | null {
  const mimic = onlyChild(joint, 'mimic', where);
  if (mimic === null) return null;
  const at = `${where}, <mimic>`;
  return {
    joint: requiredName(mimic, 'joint', at),
    multiplier: numberAttribute(mimic, 'multiplier', at) ?? 1,
    offset: numberAttribute(mimic, 'offset', at) ?? 0,
  };
}

function parseJoint(joint: XmlElement): UrdfJoint {
  const name = requiredName(joint, 'name', '<joint>');
  const where = `joint '${name}'`;
  const type = requiredName(joint, 'type', where);
  if (!isJointType(type)) {
    throw invalid(`${where}, attribute type`, `'${type}'`, JOINT_TYPES.join(', '), 'Correct the joint type.');
  }
  const origin = onlyChild(joint, 'origin', where);
  const axis = vectorAttribute(onlyChild(joint, 'axis', where), 'xyz', [1, 0, 0], `${where}, <axis>`);
  return {
    name,
    type,
    parent: requiredName(onlyChild(joint, 'parent', where) ?? {}, 'link', `${where}, <parent>`),
    child: requiredName(onlyChild(joint, 'child', where) ?? {}, 'link', `${where}, <child>`),
    origin: {
      xyz: vectorAttribute(origin, 'xyz', [0, 0, 0], `${where}, <origin>`),
      rpy: vectorAttribute(origin, 'rpy', [0, 0, 0], `${where}, <origin>`),
    },
    // A fixed joint has no axis that matters; files that write "0 0 0" there are common.
    axis: type === 'fixed' ? [1, 0, 0] : unitAxis(axis, where),
    limit: parseLimit(joint, where),
    softLimits: parseSoftLimits(joint, where),
    mimic: type === 'fixed' ? null : parseMimic(joint, where),
  };
}

/**
 * The independent joint that a joint moves with, through all the joints in between; the joint itself where it mimics none.
 *
 * @returns as `<mimic>` has it: multiplier and offset are those over the whole way
 * @throws JepaMpcError `urdf.invalid` for a joint that there is not, or a circle
 */
export function drivenBy({ joints }: Urdf, joint: UrdfJoint): UrdfMimic {
  const byName = new Map(joints.map((candidate) => [candidate.name, candidate]));
  let driver = joint;
  let multiplier = 1;
  let offset = 0;
  for (let steps = 0; driver.mimic !== null; steps++) {
    const { mimic } = driver;
    offset += multiplier * mimic.offset;
    multiplier *= mimic.multiplier;
    const next = byName.get(mimic.joint);
    if (next === undefined || steps === joints.length) {
      throw invalid(
        `joint '${joint.name}', <mimic>`,
        next === undefined ? `a joint '${mimic.joint}' that there is not` : 'joints that mimic each other',
        'a movable joint that mimics none',
        'Correct the attribute joint.',
      );
    }
    driver = next;
  }
  return { joint: driver.name, multiplier, offset };
}

function assertUnique(names: readonly string[], element: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      throw invalid(`<${element}>`, `two named '${name}'`, 'unique names', `Rename one of the ${element}s.`);
    }
    seen.add(name);
  }
}

/** Checks that the joints make one tree of all links, and returns its root. */
function rootOfTree(links: readonly string[], joints: readonly UrdfJoint[]): string {
  const known = new Set(links);
  const jointAbove = new Map<string, UrdfJoint>();
  for (const joint of joints) {
    for (const link of [joint.parent, joint.child]) {
      if (!known.has(link)) {
        throw invalid(
          `joint '${joint.name}'`,
          `link '${link}'`,
          `one of the links ${links.join(', ')}`,
          'Correct the name.',
        );
      }
    }
    const other = jointAbove.get(joint.child);
    if (other !== undefined) {
      throw invalid(
        `link '${joint.child}'`,
        `two parents, joints '${other.name}' and '${joint.name}'`,
        'one',
        'Make it a tree.',
      );
    }
    jointAbove.set(joint.child, joint);
  }
  const roots = links.filter((link) => !jointAbove.has(link));
  const [root] = roots;
  if (root === undefined || roots.length > 1) {
    const found = root === undefined ? 'a loop of joints and no root link' : `root links ${roots.join(', ')}`;
    throw invalid(
      'tree of links',
      found,
      'exactly one root link',
      'Connect every link but one as the child of a joint.',
    );
  }
  const children = new Map<string, string[]>();
  for (const joint of joints)
    children.set(joint.parent, [...(children.get(joint.parent) ?? []), joint.child]);
  const reached: string[] = [root];
  for (const link of reached) reached.push(...(children.get(link) ?? []));
  if (reached.length !== links.length) {
    const lost = links.filter((link) => !reached.includes(link));
    throw invalid(
      'tree of links',
      `a loop through ${lost.join(', ')}`,
      `all links below '${root}'`,
      'Make it a tree.',
    );
  }
  return root;
}

/**
 * Reads a URDF (expanded, not xacro). A byte order mark and empty lines before it do no harm.
 * @throws JepaMpcError `urdf.invalid`, naming the joint, element and attribute.
 */
export function parseUrdf(text: string): Urdf {
  // Python's multi-line strings begin with a line break, and XML lets nothing come before its declaration.
  const xml = text.trimStart();
  if (!xml.startsWith('<')) {
    throw invalid(
      'document',
      xml === '' ? 'nothing' : `text that is no XML: '${xml.slice(0, 80)}'`,
      'a URDF',
      'Publish the text of the URDF, not the path of its file: {"robot_description": open(path).read()} in a launch file.',
    );
  }
  const skippedLines = text.slice(0, text.length - xml.length).split('\n').length - 1;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the pinned version has it; its successor would be one more package
  const wellFormed = XMLValidator.validate(xml);
  if (wellFormed !== true) {
    const { line, col, msg } = wellFormed.err;
    throw invalid(
      `line ${String(line + skippedLines)}, column ${String(col)}`,
      msg,
      'well-formed XML',
      'Correct it there.',
    );
  }
  // Entities stay unexpanded: no URDF needs them, and a hostile description could expand one without end.
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseAttributeValue: false,
    parseTagValue: false,
    processEntities: false,
  });
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch (cause) {
    throw new JepaMpcError('urdf.invalid', {
      subject: 'robot description',
      found: cause instanceof Error ? cause.message : 'XML that cannot be read',
      expected: 'plain XML',
      remedy: 'Write it without a document type declaration.',
      cause,
    });
  }
  const robot = isElement(document) ? onlyChild(document, 'robot', 'document') : null;
  if (robot === null) {
    throw invalid(
      'document',
      'no <robot> element',
      '<robot name="…">',
      'Publish a URDF on robot_description.',
    );
  }
  const xacro = Object.keys(robot).find((name) => name.startsWith('xacro:'));
  if (xacro !== undefined) throw invalid('document', `<${xacro}>`, 'plain URDF', EXPAND);
  const links = childElements(robot, 'link').map((link) => requiredName(link, 'name', '<link>'));
  const joints = childElements(robot, 'joint').map(parseJoint);
  assertUnique(links, 'link');
  assertUnique(
    joints.map((joint) => joint.name),
    'joint',
  );
  return { name: attribute(robot, 'name') ?? '', links, joints, rootLink: rootOfTree(links, joints) };
}
