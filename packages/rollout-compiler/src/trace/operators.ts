import { elementType } from '../graph/constant.js';
import { constant, constantOfShape, range, trilu } from './constant-operators.js';
import { positiveAxis } from '../graph/dims.js';
import {
  batchNormalization,
  gemm,
  layerNormalization,
  matmul,
  pointwiseConvolution,
  softmax,
} from './layer-operators.js';
import type { NodeAttributes } from './node-attributes.js';
import {
  concat,
  expand,
  flatten,
  gather,
  reshape,
  shape,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from './shape-operators.js';
import { dimsOf, isSplit, mapPieces, wholeOf, type Traced } from './split-value.js';
import { axesOf, cannot, given, input, withPieces, type TracedNode } from './traced-node.js';
import type { Attributes } from '../graph/value.js';

/** Puts an operator behind its inputs; returns its outputs, in order. */
type Rule = (node: TracedNode) => Traced | Traced[];

/** Operators that work on each element by itself, with the attributes that they keep. */
const UNARY: Readonly<Record<string, (attributes: NodeAttributes) => Attributes>> = {
  ...Object.fromEntries(
    [
      'Abs',
      'Acos',
      'Asin',
      'Atan',
      'Ceil',
      'Cos',
      'Erf',
      'Exp',
      'Floor',
      'HardSwish',
      'Log',
      'Mish',
      'Neg',
      'Not',
      'Reciprocal',
      'Relu',
      'Round',
      'Sigmoid',
      'Sign',
      'Sin',
      'Softplus',
      'Softsign',
      'Sqrt',
      'Tan',
      'Tanh',
    ].map((operator) => [operator, () => ({})]),
  ),
  Elu: (attributes) => ({ alpha: { float: attributes.float('alpha', 1) } }),
  Gelu: (attributes) => ({ approximate: attributes.text('approximate', 'none') }),
  LeakyRelu: (attributes) => ({ alpha: { float: attributes.float('alpha', 0.01) } }),
};

const COMPARISONS = new Set(['And', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Or']);
const BINARY = ['Add', 'Div', 'Mod', 'Mul', 'Pow', 'Sub', ...COMPARISONS];
const REDUCTIONS = [
  'ReduceL1',
  'ReduceL2',
  'ReduceMax',
  'ReduceMean',
  'ReduceMin',
  'ReduceProd',
  'ReduceSum',
  'ReduceSumSquare',
];

/** How to trace each operator that the compiler knows. A new operator is a line here: README.md, "Adding an operator". */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...Object.entries(UNARY).map(([operator, attributesOf]): [string, Rule] => [
    operator,
    (node) =>
      mapPieces(node.builder, [input(node, 0)], ([x]) =>
        node.builder.unary(operator, given(x), attributesOf(node.attributes)),
      ),
  ]),
  ...BINARY.map((operator): [string, Rule] => [operator, (node) => binary(node)]),
  ...REDUCTIONS.map((operator): [string, Rule] => [operator, reduce]),
  ['BatchNormalization', batchNormalization],
  ['Cast', cast],
  ['Clip', clip],
  ['Concat', concat],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['Conv', pointwiseConvolution],
  ['Dropout', (node) => input(node, 0)],
  ['Expand', expand],
  ['Flatten', flatten],
  ['Gather', gather],
  ['Gemm', gemm],
  [
    'IsNaN',
    (node) =>
      mapPieces(node.builder, [input(node, 0)], ([x]) => node.builder.unary('IsNaN', given(x), {}, 'bool')),
  ],
  ['Identity', (node) => input(node, 0)],
  ['LayerNormalization', layerNormalization],
  ['MatMul', matmul],
  ['Max', (node) => variadic(node)],
  ['Min', (node) => variadic(node)],
  ['Range', range],
  ['Reshape', reshape],
  ['Shape', shape],
  ['Slice', slice],
  ['Softmax', softmax],
  ['Split', split],
  ['Squeeze', squeeze],
  ['Transpose', transpose],
  ['Trilu', trilu],
  ['Unsqueeze', unsqueeze],
  [
    'Where',
    (node) =>
      mapPieces(node.builder, [input(node, 0), input(node, 1), input(node, 2)], ([c, a, b]) =>
        node.builder.where(given(c), given(a), given(b)),
      ),
  ],
]);

/**
 * Puts an operator of a model file behind its inputs.
 *
 * @returns its outputs, in order
 * @throws JepaMpcError `model.unsupported` for operators, or uses of them, that the compiler cannot follow
 */
export function traceOperator(node: TracedNode): Traced[] {
  const rule = RULES.get(node.operator);
  if (rule === undefined)
    throw cannot(
      node,
      'an operator that the compiler does not know',
      `one of the ${String(RULES.size)} in operators.ts`,
    );
  const outputs = rule(node);
  return Array.isArray(outputs) ? outputs : [outputs];
}

function binary(node: TracedNode): Traced {
  const { builder, operator } = node;
  return mapPieces(builder, [input(node, 0), input(node, 1)], ([a, b]) => {
    if (operator === 'Add') return builder.add(given(a), given(b));
    return COMPARISONS.has(operator)
      ? builder.binary(operator, given(a), given(b), 'bool')
      : builder.binary(operator, given(a), given(b));
  });
}

function variadic(node: TracedNode): Traced {
  const { builder, operator } = node;
  const operands = node.inputs.filter((traced) => traced !== null);
  return mapPieces(builder, operands, (values) => values.reduce((a, b) => builder.binary(operator, a, b)));
}

function clip(node: TracedNode): Traced {
  const { builder } = node;
  const low = node.inputs[1] ?? null;
  const high = node.inputs[2] ?? null;
  return mapPieces(builder, [input(node, 0)], ([x]) => {
    let clipped = given(x);
    if (low !== null) clipped = builder.binary('Max', clipped, wholeOf(builder, low));
    if (high !== null) clipped = builder.binary('Min', clipped, wholeOf(builder, high));
    return clipped;
  });
}

function cast(node: TracedNode): Traced {
  const type = elementType(node.attributes.int('to', 0));
  return mapPieces(node.builder, [input(node, 0)], ([x]) => node.builder.cast(given(x), type));
}

function reduce(node: TracedNode): Traced {
  const { builder, operator, attributes } = node;
  const x = input(node, 0);
  const rank = dimsOf(x).length;
  const axes = (axesOf(node, 1) ?? Array.from({ length: rank }, (_, axis) => axis)).map((axis) =>
    positiveAxis(axis, rank),
  );
  const isKept = attributes.int('keepdims', 1) !== 0;
  if (!isSplit(x) || axes.includes(x.axis))
    return builder.reduce(operator, wholeOf(builder, x), axes, isKept);
  const axis = isKept ? x.axis : x.axis - axes.filter((over) => over < x.axis).length;
  return withPieces(x, axis, (piece) => builder.reduce(operator, piece, axes, isKept));
}
