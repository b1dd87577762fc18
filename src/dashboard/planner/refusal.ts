import type { ParameterValue, Refusal, TextPlace } from '../protocol.js';

/** Indentation of the two lines of an error that show where in a text it is. */
const INDENT = 2;
const CUT = '…';
/** What a caret under a word means: the whole word. */
const WORD = /^(?:[\p{L}_][\p{L}\p{N}_]*|\d[\d.eE]*|.)/u;

/**
 * The node's reason for not setting parameters, with the parameter that it is about and, where the reason has a caret under a place in its text,
 * that place.
 *
 * @param reason as `rcl_interfaces/msg/SetParametersResult` has it
 * @param values what was to be set
 */
export function refusalOf(reason: string, values: Readonly<Record<string, ParameterValue>>): Refusal {
  const names = Object.keys(values);
  const named = names.find((name) => name !== '' && mentions(reason, name));
  const parameter = named ?? (names.length === 1 ? (names[0] ?? null) : null);
  const value = parameter === null ? undefined : values[parameter];
  return {
    message: reason === '' ? 'the node refuses it and does not say why' : reason,
    parameter,
    place: typeof value === 'string' ? placeIn(reason, value) : null,
  };
}

/**
 * The place that a caret points at. An error shows the text on one line, with white space as single blanks, and at most 50 characters to each side
 * of the caret.
 *
 * @param text as it was given
 */
function placeIn(reason: string, text: string): TextPlace | null {
  const lines = reason.split('\n');
  const caretLine = lines.findIndex((line) => /^ *\^$/.test(line));
  const shown = lines[caretLine - 1]?.slice(INDENT);
  if (shown === undefined) return null;
  const column = (lines[caretLine] ?? '').length - 1 - INDENT;
  const cutBefore = shown.startsWith(CUT) ? CUT.length : 0;
  const part = shown.slice(cutBefore, shown.endsWith(CUT) ? -CUT.length : undefined);
  const { flat, origins } = onOneLine(text);
  const from = flat.indexOf(part);
  if (from < 0) return null;
  const at = from + column - cutBefore;
  if (at >= flat.length) return { start: text.length, end: text.length };
  const [word = ''] = WORD.exec(flat.slice(at)) ?? [];
  const start = origins[at] ?? text.length;
  return { start, end: (origins[at + Math.max(word.length, 1) - 1] ?? start) + 1 };
}

/** The text as errors show it, and where each of its characters is in the text. */
function onOneLine(text: string): { readonly flat: string; readonly origins: readonly number[] } {
  let flat = '';
  const origins: number[] = [];
  for (const match of text.matchAll(/\s+|\S/gu)) {
    const isBlank = /^\s/u.test(match[0]);
    if (isBlank && (flat === '' || match.index + match[0].length === text.length)) continue;
    const character = isBlank ? ' ' : match[0];
    for (let unit = 0; unit < character.length; unit++) origins.push(match.index + unit);
    flat += character;
  }
  return { flat, origins };
}

/** Whether a text has a name as a word of its own, not as a part of a longer name. */
function mentions(text: string, name: string): boolean {
  const isInName = (character: string | undefined): boolean => /[\w.]/.test(character ?? ' ');
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!isInName(text[at - 1]) && !/\w/.test(text[at + name.length] ?? ' ')) return true;
  return false;
}
