import { parseLinkGeometry, type LinkGeometry } from './collision-geometry.js';
import { AXIAL_TYPES, parseJoint, type UrdfJoint, type UrdfMimic } from './urdf-joint.js';
import { attribute, childElements, invalid, readRobotElement, requiredName } from './urdf-xml.js';

/** The part of a robot description that control needs. The joints form one tree over the links. */
export interface Urdf {
  readonly name: string;
  readonly links: readonly string[];
  readonly joints: readonly UrdfJoint[];
  readonly rootLink: string;
  /** Shapes of every link, by its name. */
  readonly geometry: ReadonlyMap<string, LinkGeometry>;
}

/**
 * Parses a URDF.
 *
 * @param text expanded, not xacro; a byte order mark or blank lines before it are skipped
 * @throws JepaMpcError `urdf.invalid`, naming the joint, element and attribute
 */
export function parseUrdf(text: string): Urdf {
  const robot = readRobotElement(text);
  const elements = childElements(robot, 'link');
  const links = elements.map((link) => requiredName(link, 'name', '<link>'));
  const joints = childElements(robot, 'joint').map(parseJoint);
  assertUnique(links, 'link');
  assertUnique(
    joints.map((joint) => joint.name),
    'joint',
  );
  const geometry = new Map(
    elements.map((link) => [requiredName(link, 'name', '<link>'), parseLinkGeometry(link)]),
  );
  const rootLink = rootOfTree(links, joints);
  return { name: attribute(robot, 'name') ?? '', links, joints, rootLink, geometry };
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
  for (const { parent, child } of joints) {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [child]);
    else siblings.push(child);
  }
  const reached: string[] = [root];
  for (const link of reached) reached.push(...(children.get(link) ?? []));
  if (reached.length !== links.length) {
    const isReached = new Set(reached);
    const lost = links.filter((link) => !isReached.has(link));
    throw invalid(
      'tree of links',
      `a loop through ${lost.join(', ')}`,
      `all links below '${root}'`,
      'Make it a tree.',
    );
  }
  return root;
}

/** The joints with one axis that move independently: those that a model can act on. A joint that mimics another one follows it. */
export function independentJoints({ joints }: Urdf): UrdfJoint[] {
  return joints.filter(
    ({ type, mimic }) => (AXIAL_TYPES as readonly string[]).includes(type) && mimic === null,
  );
}

/**
 * The independent joint that drives a joint, through any chain of `<mimic>`; the joint itself if it mimics none.
 *
 * @returns multiplier and offset of the whole chain
 * @throws JepaMpcError `urdf.invalid` for an unknown joint, or joints that mimic each other
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
        next === undefined ? `a joint '${mimic.joint}' that does not exist` : 'joints that mimic each other',
        'a movable joint that mimics none',
        'Correct the attribute joint.',
      );
    }
    driver = next;
  }
  return { joint: driver.name, multiplier, offset };
}
