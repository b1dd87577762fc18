import fc from 'fast-check';

/*
 * Texts of expressions over two joints: well formed, of the right shapes, finite at any input, and tame: a rounding error at the leaves
 * stays one, so that two ways of computing them can be compared.
 */

const number = fc.integer({ min: -40, max: 40 }).map((value) => `(${String(value / 8)})`);
const stepIndex = fc.constantFrom('t', 't - 1', 't + 2', 'H', '1', '3', 'H - 1');
const joint = fc.constantFrom('1', '2');
const source = fc.constantFrom('action', 'state', 'q');

const scalarLeaf = fc.oneof(
  number,
  fc.constantFrom('goal_distance', 'latent_distance', 't', 'H', 'pi', '30 deg', '(-5 mm/s)'),
  fc.tuple(source, joint).map(([name, index]) => `${name}[${index}]`),
  fc.tuple(source, stepIndex, joint).map(([name, step, index]) => `${name}[${step}, ${index}]`),
);

/** Far from a tie. */
const condition = fc.constantFrom(
  't > 1',
  't <= 2',
  'H == 3',
  't != H',
  'goal_distance >= 4',
  '(t - 2)',
  '3 < 2',
);

function composite(of: fc.Arbitrary<string>, scalar: fc.Arbitrary<string>): fc.Arbitrary<string>[] {
  return [
    fc.tuple(of, fc.constantFrom('+', '-'), scalar).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
    fc.tuple(of, scalar).map(([a, b]) => `(${a} * atan(${b}))`),
    fc.tuple(of, of).map(([a, b]) => `(${a} / (2 + sin(${b})))`),
    fc.tuple(fc.constantFrom('abs', 'sin', 'cos', 'atan', '-'), of).map(([name, a]) => `${name}(${a})`),
    fc.tuple(fc.constantFrom('min', 'max'), of, scalar).map(([name, a, b]) => `${name}(${a}, ${b})`),
    of.map((a) => `atan2(${a}, 6)`),
    of.map((a) => `tan(sin(${a}))`),
    of.map((a) => `sqrt(abs(${a}) + 0.5)`),
    of.map((a) => `log(1 + square(${a}))`),
    of.map((a) => `exp(-abs(${a}))`),
    of.map((a) => `(atan(${a}) ^ 3)`),
    fc.tuple(condition, of, of).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
  ];
}

/** Without lists of joints. */
export const { scalar: numberExpression } = fc.letrec<{ scalar: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    scalarLeaf,
    ...composite(tie('scalar'), tie('scalar')),
  ),
}));

export const { scalar: scalarExpression } = fc.letrec<{ scalar: string; vector: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalarLeaf,
    ...composite(tie('scalar'), tie('scalar')),
    fc
      .tuple(fc.constantFrom('sum', 'mean', 'min', 'max', 'norm'), tie('vector'))
      .map(([name, vector]) => `${name}(${vector})`),
    fc.tuple(tie('vector'), tie('vector')).map(([a, b]) => `dot(${a}, atan(${b}))`),
  ),
  vector: fc.oneof({ maxDepth: 4, depthSize: 'small' }, source, ...composite(tie('vector'), tie('scalar'))),
}));
