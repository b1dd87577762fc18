import type { ParameterInfo, ParameterValue } from '../../protocol.js';
import { writeExact } from '../text/numbers.js';

/** What a person typed: a value, or what is wrong with it. Ranges are the node's to check: it gives the better reason. */
export type Parsed = { readonly value: ParameterValue } | { readonly problem: string };

/** A value as a person would type it. */
export function writeParameter(value: ParameterValue | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return writeExact(value);
  return Array.isArray(value) ? value.map(writeExact).join(', ') : String(value);
}

/** Reads what a person typed for a parameter. */
export function parseParameter({ type }: Pick<ParameterInfo, 'type'>, text: string): Parsed {
  switch (type) {
    case 'string':
      return { value: text };
    case 'boolean':
      if (/^(true|false)$/i.test(text.trim())) return { value: /^true$/i.test(text.trim()) };
      return { problem: `found ${quoted(text)}, expected true or false` };
    case 'integer':
    case 'double':
      return parseNumber(text, type === 'integer');
    case 'double_array':
      return parseNumbers(text);
  }
}

function parseNumber(text: string, isInteger: boolean): Parsed {
  const value = numberIn(text);
  if (value === null) return { problem: `found ${quoted(text)}, expected a number` };
  if (isInteger && !Number.isInteger(value))
    return { problem: `found ${quoted(text)}, expected a whole number` };
  return { value };
}

function parseNumbers(text: string): Parsed {
  const inside = text.trim().replace(/^\[/, '').replace(/\]$/, '').trim();
  if (inside === '') return { value: [] };
  const values: number[] = [];
  for (const part of inside.split(/[,;\s]+/)) {
    const value = numberIn(part);
    if (value === null) return { problem: `found ${quoted(part)}, expected numbers separated by commas` };
    values.push(value);
  }
  return { value: values };
}

/** A decimal number, with the minus sign of typography, too. */
function numberIn(text: string): number | null {
  const plain = text.trim().replace(/^\u2212/, '-');
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

function quoted(text: string): string {
  return text.trim() === '' ? 'nothing' : `"${text.trim()}"`;
}
