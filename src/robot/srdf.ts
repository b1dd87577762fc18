import { JepaMpcError } from '../core/errors.js';
import { nearestName } from '../core/names.js';
import type { Urdf } from './urdf.js';
import { attribute, childElements, readRobotElement, type XmlElement } from './urdf-xml.js';

/** Two links, by name. */
export type LinkPair = readonly [string, string];

/** The part of a semantic robot description that collision checks need. */
export interface Srdf {
  /** Links of which no pair is checked unless it is enabled. */
  readonly disabledLinks: readonly string[];
  readonly enabledPairs: readonly LinkPair[];
  /** Overrides what is enabled. */
  readonly disabledPairs: readonly LinkPair[];
}

function invalid(where: string, found: string, expected: string, remedy: string): JepaMpcError {
  return new JepaMpcError('srdf.invalid', { subject: `SRDF, ${where}`, found, expected, remedy });
}

const SRDF_DOCUMENT = {
  invalid,
  kind: 'an SRDF',
  notXml: 'Name the SRDF file of this robot.',
  noRobot: 'Name the SRDF file of this robot.',
  xacro: 'Expand it first: xacro arm.srdf.xacro > arm.srdf.',
};

/**
 * Parses an SRDF: `<disable_collisions>`, and of newer ones `<disable_default_collisions>` and `<enable_collisions>`.
 *
 * @param urdf of the same robot
 * @throws JepaMpcError `srdf.invalid` for another document, another robot, unknown links and missing attributes
 */
export function parseSrdf(text: string, urdf: Urdf): Srdf {
  const robot = readRobotElement(text, SRDF_DOCUMENT);
  const name = attribute(robot, 'name') ?? '';
  if (name !== urdf.name) {
    throw invalid(
      '<robot>, attribute name',
      `'${name}'`,
      `'${urdf.name}', the name in the robot description`,
      'Name the SRDF of this robot, or correct its name.',
    );
  }
  const pairs = (kind: string): LinkPair[] =>
    childElements(robot, kind).map((element) => {
      const first = linkAttribute(element, 'link1', kind, urdf);
      const second = linkAttribute(element, 'link2', kind, urdf);
      if (first === second) {
        throw invalid(
          `<${kind}>`,
          `'${first}' twice`,
          'two links',
          'Name the other link, or remove the element.',
        );
      }
      return [first, second];
    });
  const links = childElements(robot, 'disable_default_collisions').map((element) =>
    linkAttribute(element, 'link', 'disable_default_collisions', urdf),
  );
  return {
    disabledLinks: links,
    enabledPairs: pairs('enable_collisions'),
    disabledPairs: pairs('disable_collisions'),
  };
}

/** Whether the SRDF says that a pair of links is not to be checked. */
export function isDisabled({ disabledLinks, enabledPairs, disabledPairs }: Srdf, pair: LinkPair): boolean {
  const isIn = (pairs: readonly LinkPair[]): boolean =>
    pairs.some((listed) => pair.every((link) => listed.includes(link)));
  if (isIn(disabledPairs)) return true;
  return !isIn(enabledPairs) && pair.some((link) => disabledLinks.includes(link));
}

function linkAttribute(element: XmlElement, name: string, kind: string, { links }: Urdf): string {
  const where = `<${kind}>, attribute ${name}`;
  const link = attribute(element, name)?.trim() ?? '';
  if (links.includes(link)) return link;
  const nearest = nearestName(link, links);
  throw invalid(
    where,
    link === '' ? 'nothing' : `link '${link}', which the robot description does not have`,
    `one of the links ${links.join(', ')}`,
    link === '' || nearest === null
      ? 'Name a link of this robot.'
      : `Did you mean '${nearest}'? Correct the name, or remove the element.`,
  );
}
