import { JepaMpcError } from '../core/errors.js';
import { isElement, parseXml, type XmlElement } from './xml.js';

export type { XmlElement };

/** A triple of numbers in x, y, z or roll, pitch, yaw. */
export type Vector3 = readonly [number, number, number];

/** `urdf.invalid`, with the place in the description. */
export function invalid(where: string, found: string, expected: string, remedy: string): JepaMpcError {
  return new JepaMpcError('urdf.invalid', {
    subject: `robot description, ${where}`,
    found,
    expected,
    remedy,
  });
}

/** What a document with a `<robot>` element is, for its errors. */
interface RobotDocument {
  readonly invalid: typeof invalid;
  /** What is expected, with its article. */
  readonly kind: string;
  /** What to do about a text that is no XML, or another document. */
  readonly notXml: string;
  readonly noRobot: string;
  readonly xacro: string;
}

const EXPAND = 'Expand it first: xacro arm.urdf.xacro > arm.urdf.';

const URDF_DOCUMENT: RobotDocument = {
  invalid,
  kind: 'a URDF',
  notXml:
    'Publish the text of the URDF, not the path of its file: {"robot_description": open(path).read()} in a launch file.',
  noRobot: 'Publish a URDF on robot_description.',
  xacro: EXPAND,
};

/** Child elements of one name. The parser returns one child as an object, several as an array, and an empty one as ''. */
export function childElements(parent: XmlElement, name: string): XmlElement[] {
  if (!Object.hasOwn(parent, name)) return [];
  const value = parent[name];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => (isElement(item) ? item : {}));
}

/** The child element of that name, or null. @throws JepaMpcError `urdf.invalid` for more than one */
export function onlyChild(parent: XmlElement, name: string, where: string): XmlElement | null {
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

/** An attribute as written, or null. */
export function attribute(element: XmlElement, name: string): string | null {
  const value = element[`@${name}`];
  return typeof value === 'string' ? value : null;
}

/** An attribute that names something. @throws JepaMpcError `urdf.invalid` where it is missing, empty, or not expanded */
export function requiredName(element: XmlElement, attributeName: string, where: string): string {
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

function isXacro(text: string): boolean {
  return text.includes('${') || text.includes('$(');
}

/** Digits are matched in one way only, so that a long text is judged in one pass: the description comes from another program. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** Characters of a value that an error shows. */
const SHOWN = 80;

function finiteNumber(text: string, where: string): number {
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) {
    const remedy = isXacro(text) ? EXPAND : 'Write a plain decimal number in SI units.';
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    throw invalid(where, `'${shown}'`, 'a finite number', remedy);
  }
  return value;
}

/** A number in SI units, or null. @throws JepaMpcError `urdf.invalid` for anything but a finite decimal number */
export function numberAttribute(element: XmlElement, name: string, where: string): number | null {
  const text = attribute(element, name);
  return text === null ? null : finiteNumber(text.trim(), `${where}, attribute ${name}`);
}

/** Three numbers, or the fallback. @throws JepaMpcError `urdf.invalid` for anything but three finite decimal numbers */
export function vectorAttribute(
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

/**
 * The `<robot>` element of a URDF, or of another document that has one.
 *
 * @param text expanded, not xacro; a byte order mark or blank lines before it are skipped
 * @throws JepaMpcError of the document, `urdf.invalid` by default, with line and column where the XML is not well-formed
 */
export function readRobotElement(text: string, document: RobotDocument = URDF_DOCUMENT): XmlElement {
  const start = text.trimStart();
  if (!start.startsWith('<')) {
    throw document.invalid(
      'document',
      start === '' ? 'nothing' : `text that is no XML: '${start.slice(0, 80)}'`,
      document.kind,
      document.notXml,
    );
  }
  const parsed = parseXml(text, ({ where, found, expected, remedy }) =>
    document.invalid(where, found, expected, remedy),
  );
  const robot = onlyRobot(parsed, document);
  if (robot === null) {
    throw document.invalid('document', 'no <robot> element', '<robot name="…">', document.noRobot);
  }
  const xacro = Object.keys(robot).find((name) => name.startsWith('xacro:'));
  if (xacro !== undefined) {
    throw document.invalid(
      'document',
      `<${xacro}>`,
      `plain ${document.kind.split(' ').at(-1) ?? ''}`,
      document.xacro,
    );
  }
  return robot;
}

function onlyRobot(parsed: XmlElement, document: RobotDocument): XmlElement | null {
  const robots = childElements(parsed, 'robot');
  if (robots.length > 1) {
    throw document.invalid(
      'document',
      `${String(robots.length)} <robot> elements`,
      'at most one',
      'Keep one <robot>.',
    );
  }
  return robots[0] ?? null;
}
