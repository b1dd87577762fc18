import {
  isAccessorNode,
  isConditionalNode,
  isConstantNode,
  isFunctionNode,
  isIndexNode,
  isOperatorNode,
  isParenthesisNode,
  isSymbolNode,
  parse,
  type MathNode,
} from 'mathjs';

import type { JepaMpcError } from '../../core/errors.js';
import type { ExpressionText } from './expression-text.js';

/** The part of mathjs' syntax that expressions may use, with places in the text for errors to point at. */
export type Syntax =
  NumberSyntax | NameSyntax | CallSyntax | IndexSyntax | OperatorSyntax | ConditionalSyntax;

interface Place {
  /** Index in the text of what an error about this node points at. */
  readonly at: number;
}

interface NumberSyntax extends Place {
  readonly kind: 'number';
  readonly value: number;
}

export interface NameSyntax extends Place {
  readonly kind: 'name';
  readonly name: string;
}

export interface CallSyntax extends Place {
  readonly kind: 'call';
  readonly name: string;
  readonly arguments: readonly Syntax[];
}

export interface IndexSyntax extends Place {
  readonly kind: 'index';
  readonly name: string;
  readonly indices: readonly Syntax[];
}

/** `operator` is mathjs' name of its function: `add`, `unaryMinus`, `smaller`, … */
export interface OperatorSyntax extends Place {
  readonly kind: 'operator';
  readonly operator: string;
  /** As it is written. */
  readonly symbol: string;
  readonly operands: readonly Syntax[];
}

interface ConditionalSyntax extends Place {
  readonly kind: 'conditional';
  readonly condition: Syntax;
  readonly whenTrue: Syntax;
  readonly whenFalse: Syntax;
}

/** Numbers and names of the text. mathjs' nodes carry no places, but its leaves come in the order of these. */
const LEAF = /0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|"[^"]*"|[\p{L}_$][\p{L}\d_$]*/gu;
/** Names that mathjs reads as operators. */
const WORD_OPERATORS = new Set(['and', 'or', 'xor', 'not', 'mod', 'to', 'in']);

interface Token {
  readonly from: number;
  readonly to: number;
}

/** @throws JepaMpcError `objective.invalid` for what is no expression, or uses more of mathjs than an expression may */
export function parseSyntax(source: ExpressionText): Syntax {
  const comment = source.text.indexOf('#');
  if (comment >= 0)
    throw source.refusal(comment, 'a comment', 'an expression alone', 'Leave the comment out.');
  let root: MathNode;
  try {
    root = parse(source.text);
  } catch (error) {
    throw syntaxRefusal(source, error);
  }
  return new SyntaxReader(source).read(root);
}

function syntaxRefusal(source: ExpressionText, error: unknown): JepaMpcError {
  const message = error instanceof Error ? error.message : String(error);
  const found = message.replace(/ \(char \d+\)$/u, '');
  const char = error instanceof Error && 'char' in error && typeof error.char === 'number' ? error.char : 1;
  const at = Math.min(char - 1, source.text.length);
  return source.refusal(
    at,
    `no expression (${found})`,
    'an expression in the syntax of mathjs',
    'Correct it:',
  );
}

/** Reads mathjs' nodes in the order of the text, so that every leaf takes the next token. */
class SyntaxReader {
  readonly #source: ExpressionText;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(source: ExpressionText) {
    this.#source = source;
    this.#tokens = [...source.text.matchAll(LEAF)]
      .filter((match) => !WORD_OPERATORS.has(match[0]))
      .map((match) => ({ from: match.index, to: match.index + match[0].length }));
  }

  read(node: MathNode): Syntax {
    if (isParenthesisNode(node)) return this.read(node.content);
    if (isConstantNode(node)) {
      const at = this.#leaf();
      const value: unknown = node.value;
      if (typeof value !== 'number') throw this.#unsupported(at, JSON.stringify(value), 'numbers');
      return { kind: 'number', at, value };
    }
    if (isSymbolNode(node)) return { kind: 'name', at: this.#leaf(), name: node.name };
    if (isFunctionNode(node)) return this.#call(node.fn, node.args);
    if (isAccessorNode(node)) return this.#index(node.object, node.index);
    if (isOperatorNode(node)) return this.#operator(node.fn, node.op, node.args);
    if (isConditionalNode(node)) {
      const condition = this.read(node.condition);
      const whenTrue = this.read(node.trueExpr);
      return {
        kind: 'conditional',
        at: condition.at,
        condition,
        whenTrue,
        whenFalse: this.read(node.falseExpr),
      };
    }
    throw this.#unsupported(
      this.#place(),
      describeNode(node.type),
      'operators, functions, names and numbers',
    );
  }

  #call(fn: MathNode, args: readonly MathNode[]): Syntax {
    const at = this.#place();
    if (!isSymbolNode(fn)) throw this.#unsupported(at, 'a call of something without a name', 'name(…)');
    this.#leaf();
    return { kind: 'call', at, name: fn.name, arguments: args.map((argument) => this.read(argument)) };
  }

  #index(object: MathNode, index: MathNode): Syntax {
    const at = this.#place();
    if (!isSymbolNode(object) || !isIndexNode(index) || index.dotNotation)
      throw this.#unsupported(at, 'an index on something without a name', 'name[…]');
    this.#leaf();
    return {
      kind: 'index',
      at,
      name: object.name,
      indices: index.dimensions.map((dimension) => this.read(dimension)),
    };
  }

  #operator(operator: string, symbol: string, args: readonly MathNode[]): Syntax {
    const [first, second] = args;
    const start = this.#place();
    const operands = first === undefined ? [] : [this.read(first)];
    let at = start;
    if (second !== undefined) {
      const written = this.#source.text.indexOf(symbol, this.#tokens[this.#next - 1]?.to ?? 0);
      const right = this.#place();
      // An implicit product is not written: its right operand is what can be pointed at.
      at = written >= 0 && written < right ? written : right;
      operands.push(this.read(second));
    }
    return { kind: 'operator', at, operator, symbol, operands };
  }

  /** Where the next leaf is. */
  #place(): number {
    return this.#tokens[this.#next]?.from ?? 0;
  }

  #leaf(): number {
    const at = this.#place();
    this.#next++;
    return at;
  }

  #unsupported(at: number, found: string, expected: string): JepaMpcError {
    return this.#source.refusal(at, found, expected, 'docs/objectives.md lists what an expression may use.');
  }
}

function describeNode(type: string): string {
  const names: Readonly<Record<string, string>> = {
    ArrayNode: 'a list',
    AssignmentNode: 'an assignment',
    BlockNode: 'several expressions',
    FunctionAssignmentNode: 'a definition of a function',
    ObjectNode: 'an object',
    RangeNode: 'a range',
    RelationalNode: 'a chain of comparisons',
  };
  return names[type] ?? `a ${type}`;
}
