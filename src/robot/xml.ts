import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** An element as the parser returns it: child elements by name, attributes by `@name`. */
export type XmlElement = Readonly<Record<string, unknown>>;

/** Makes the error for a document that cannot be read. */
export type XmlRefusal = (facts: {
  /** Such as `document` or `line 3, column 7`. */
  readonly where: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy: string;
  readonly cause?: unknown;
}) => Error;

/** Longest document, in characters: robots with hundreds of links have one megabyte. */
const LONGEST_XML = 16 * 1024 * 1024;

/** Whether a value that the parser returned is an element. An element without children and attributes is text. */
export function isElement(value: unknown): value is XmlElement {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses an XML document. Entities are not expanded, and a document type declaration is not read: no robot and no policy needs them, and a
 * malicious document could expand one without end.
 *
 * @param text a byte order mark or blank lines before it are skipped
 * @param refuse makes the error
 * @throws what `refuse` makes: for a document that is too long or not well-formed, with line and column
 */
export function parseXml(text: string, refuse: XmlRefusal): XmlElement {
  if (text.length > LONGEST_XML) {
    throw refuse({
      where: 'document',
      found: `${String(text.length)} characters`,
      expected: `at most ${String(LONGEST_XML)}`,
      remedy: 'Reference meshes by their files instead of writing them into it.',
    });
  }
  // A multi-line string in Python starts with a line break, and XML allows nothing before its declaration.
  const xml = text.trimStart();
  const skippedLines = text.slice(0, text.length - xml.length).split('\n').length - 1;
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the pinned version has it; its successor would be another package
  const wellFormed = attempt(() => XMLValidator.validate(xml), refuse);
  if (wellFormed !== true) {
    const { line, col, msg } = wellFormed.err;
    // The validator knows no column where a document has no element at all, whatever its types say.
    const column = Number.isInteger(col) ? `, column ${String(col)}` : '';
    throw refuse({
      where: `line ${String(line + skippedLines)}${column}`,
      found: msg,
      expected: 'well-formed XML',
      remedy: 'Correct it there.',
    });
  }
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseAttributeValue: false,
    parseTagValue: false,
    processEntities: false,
  });
  const document = attempt((): unknown => parser.parse(xml), refuse);
  return isElement(document) ? document : {};
}

/** The parser throws plain errors for names and declarations that it does not read. */
function attempt<Result>(read: () => Result, refuse: XmlRefusal): Result {
  try {
    return read();
  } catch (cause) {
    throw refuse({
      where: 'document',
      found: cause instanceof Error ? cause.message : 'XML that cannot be read',
      expected: 'plain XML',
      remedy: 'Write it without a document type declaration.',
      cause,
    });
  }
}
