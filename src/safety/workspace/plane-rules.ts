import { at } from '../../core/array-access.js';
import { JepaMpcError } from '../../core/errors.js';
import type { WorkspaceValues } from './workspace-parameters.js';

/** A plane that a link stays on one side of, in the frame of the root link. */
export interface PlaneRule {
  readonly link: string;
  /** Unit vector; a point p is inside where `normal · p >= offset`. */
  readonly normal: readonly [number, number, number];
  /** m */
  readonly offset: number;
  /** The rule as a person writes it: `expression operator bound`. */
  readonly expression: string;
  readonly operator: '<=' | '>=';
  readonly bound: number;
  /** Change of the expression for each metre along the normal, away from the outside: positive for `>=`. */
  readonly slope: number;
}

type RuleParameter = Extract<keyof WorkspaceValues, 'workspace.half_spaces' | 'workspace.boxes'>;

const EXAMPLES = {
  'workspace.half_spaces': "'fingertip: z >= 0.02'",
  'workspace.boxes': "'tool0: [-0.5, 0.5] x [-0.4, 0.4] x [0, 0.8]'",
} as const satisfies Record<RuleParameter, string>;

const AXES = ['x', 'y', 'z'] as const;

/**
 * Parses half-spaces such as `fingertip: z >= 0.02; forearm: 0.7 x + 0.7 z >= 0.1`. Nothing is evaluated.
 *
 * @returns one plane each
 * @throws JepaMpcError `params.invalid`, naming the rule
 */
export function parseHalfSpaces(text: string): PlaneRule[] {
  return rulesIn('workspace.half_spaces', text).map(({ link, body, rule }) => {
    const [left = '', operator, right = '', ...more] = body.split(/(<=|>=)/);
    if ((operator !== '<=' && operator !== '>=') || more.length > 0) {
      throw refused('workspace.half_spaces', rule, `'${body}'`, `an expression, <= or >=, and a number`);
    }
    const bound = numberIn('workspace.half_spaces', rule, right);
    return planeRule(rule, link, coefficientsIn(rule, left.trim()), left.trim(), operator, bound);
  });
}

/**
 * Parses boxes such as `tool0: [-0.5, 0.5] x [-0.4, 0.4] x [0, 0.8]`.
 *
 * @returns six planes each
 * @throws JepaMpcError `params.invalid`, naming the rule
 */
export function parseBoxes(text: string): PlaneRule[] {
  return rulesIn('workspace.boxes', text).flatMap(({ link, body, rule }) => {
    const ranges = body.split(/(?<=\])\s?x\s?(?=\[)/);
    if (ranges.length !== AXES.length) {
      throw refused('workspace.boxes', rule, `'${body}'`, 'the ranges of x, y and z with an x between them');
    }
    return AXES.flatMap((axis, index) => {
      const [lower, upper] = rangeIn(rule, at(ranges, index));
      const unit: [number, number, number] = [0, 0, 0];
      unit[index] = 1;
      return [planeRule(rule, link, unit, axis, '>=', lower), planeRule(rule, link, unit, axis, '<=', upper)];
    });
  });
}

function rulesIn(
  parameter: RuleParameter,
  text: string,
): { readonly link: string; readonly body: string; readonly rule: string }[] {
  // The patterns below allow one space in each place, so that none of them takes long on a text of many.
  const rules = text
    .replace(/\s+/g, ' ')
    .split(';')
    .map((rule) => rule.trim());
  return rules
    .filter((rule) => rule !== '')
    .map((rule) => {
      const colon = rule.lastIndexOf(':');
      const link = rule.slice(0, Math.max(colon, 0)).trim();
      if (link === '') throw refused(parameter, rule, 'no link', 'a link, a colon and the rule');
      return { link, body: rule.slice(colon + 1).trim(), rule };
    });
}

/** An optional sign, an optional factor and an axis. */
const TERM = /\s?([+-])?\s?((?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)?\s?\*?\s?([xyz])\s?/y;

function coefficientsIn(rule: string, expression: string): [number, number, number] {
  const coefficients: [number, number, number] = [0, 0, 0];
  TERM.lastIndex = 0;
  for (let place = 0; place === 0 || place < expression.length; place = TERM.lastIndex) {
    const [, sign, factor, axis = ''] = TERM.exec(expression) ?? [];
    if (axis === '' || (place > 0 && sign === undefined)) {
      throw refused(
        'workspace.half_spaces',
        rule,
        `'${expression}'`,
        "a sum of x, y and z with factors, such as '0.7 x + 0.7 z'",
      );
    }
    const index = AXES.findIndex((name) => name === axis);
    coefficients[index] = at(coefficients, index) + (sign === '-' ? -1 : 1) * Number(factor ?? '1');
  }
  return coefficients;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function numberIn(parameter: RuleParameter, rule: string, text: string): number {
  const trimmed = text.trim();
  const value = DECIMAL.test(trimmed) ? Number(trimmed) : NaN;
  if (!Number.isFinite(value)) throw refused(parameter, rule, `'${trimmed}'`, 'a finite decimal number');
  return value;
}

function rangeIn(rule: string, text: string): readonly [number, number] {
  const [, first, second] = /^\[([^,[\]]*),([^,[\]]*)\]$/.exec(text) ?? [];
  if (first === undefined || second === undefined) {
    throw refused('workspace.boxes', rule, `'${text}'`, "a range such as '[-0.5, 0.5]'");
  }
  const lower = numberIn('workspace.boxes', rule, first);
  const upper = numberIn('workspace.boxes', rule, second);
  if (lower >= upper) {
    throw refused('workspace.boxes', rule, `the empty range ${text}`, 'a lower end below the upper end');
  }
  return [lower, upper];
}

/** Bounds of the length of a normal as written: others overflow, or are no direction. */
const NORMAL_RANGE = [1e-6, 1e6] as const;

function planeRule(
  rule: string,
  link: string,
  coefficients: readonly [number, number, number],
  expression: string,
  operator: PlaneRule['operator'],
  bound: number,
): PlaneRule {
  const length = Math.hypot(...coefficients);
  const [min, max] = NORMAL_RANGE;
  if (!(length >= min && length <= max)) {
    throw refused(
      'workspace.half_spaces',
      rule,
      `a normal of length ${String(length)}`,
      `one from ${String(min)} to ${String(max)}`,
    );
  }
  const slope = operator === '>=' ? length : -length;
  const [x, y, z] = coefficients;
  const normal = [x / slope, y / slope, z / slope] as const;
  return { link, normal, offset: bound / slope, expression, operator, bound, slope };
}

function refused(parameter: RuleParameter, rule: string, found: string, expected: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `parameter ${parameter}, rule '${rule}'`,
    found,
    expected,
    remedy: `Write it like ${EXAMPLES[parameter]}; rules are separated by semicolons.`,
  });
}
