import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { JepaMpcError } from '../core/errors.js';

/** A triple of numbers in x, y, z or roll, pitch, yaw. */
export type Vector3 = readonly [number, number, number];

/** An element as the parser returns it: child elements by name, attributes by `@name`. */
export type XmlElement = Readonly<Record<string, unknown>>;

/** `urdf.invalid`, with the place in the description. */
export function invalid(where: string, found: string, expected: string, remedy: string): JepaMpcError {
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
 * The `<robot>` element of a URDF.
 *
 * @param text expanded, not xacro; a byte order mark or blank lines before it are skipped
 * @throws JepaMpcError `urdf.invalid`, with line and column where the XML is not well-formed
 */
export function readRobotElement(text: string): XmlElement {
  // A multi-line string in Python starts with a line break, and XML allows nothing before its declaration.
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
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the pinned version has it; its successor would be another package
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
  // Entities are not expanded: no URDF needs them, and a malicious description could expand one without end.
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
  return robot;
}
