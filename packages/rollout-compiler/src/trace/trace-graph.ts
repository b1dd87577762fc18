import { JepaMpcError } from '../../../../src/core/errors.js';
import { unsupported } from '../compiler-errors.js';
import { elementType } from '../graph/constant.js';
import type { ExternalData } from '../onnx/external-data.js';
import type { GraphBuilder } from '../graph/graph-builder.js';
import { NodeAttributes } from './node-attributes.js';
import type { GraphProto, ModelProto } from '../onnx/onnx_pb.js';
import { traceOperator } from './operators.js';
import type { Traced } from './split-value.js';

/** Oldest opset whose operators have the semantics that the rules in this folder assume. */
const MIN_OPSET = 13n;

/** A graph of a model file, ready to be traced into graphs under construction any number of times. */
export class TracedGraph {
  readonly #graph: GraphProto;
  readonly #subject: string;
  readonly #external: ExternalData | null;

  /**
   * @param model changed: small tensors that lie in other files are read into it
   * @param subject what to call the file in an error
   * @param external reads tensors that lie in other files; null if there are none
   * @throws JepaMpcError `model.unsupported` for a model without a graph or of an older opset;
   *   `model.missing-file` or `model.unreadable` for data outside it
   */
  constructor(model: ModelProto, subject: string, external: ExternalData | null = null) {
    const { graph, opsetImport } = model;
    const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n;
    if (graph === undefined || opset < MIN_OPSET) {
      throw new JepaMpcError('model.unsupported', {
        subject,
        found: graph === undefined ? 'no graph' : `opset ${String(opset)}`,
        expected: `a graph of opset ${String(MIN_OPSET)} or later`,
        remedy: 'Export the graph again with a later opset.',
      });
    }
    this.#graph = graph;
    this.#subject = subject;
    this.#external = external;
    external?.takeInSmall(model);
  }

  /**
   * Puts the operators of the graph behind these inputs.
   *
   * @param inputs by name, one for each input of the graph
   * @returns the first output of the graph
   * @throws JepaMpcError `model.unsupported` for what the compiler cannot follow
   */
  trace(builder: GraphBuilder, inputs: ReadonlyMap<string, Traced>): Traced {
    const values = new Map<string, Traced>(inputs);
    for (const tensor of this.#graph.initializer)
      values.set(tensor.name, builder.weight(tensor, elementType(tensor.dataType), this.#external));
    for (const node of this.#graph.node) {
      if (node.domain !== '' && node.domain !== 'ai.onnx')
        throw this.#foreign(`${node.domain}.${node.opType}`);
      const outputs = traceOperator({
        builder,
        operator: node.opType,
        attributes: new NodeAttributes(node),
        inputs: node.input.map((name) => (name === '' ? null : this.#valueOf(values, name))),
        outputs: node.output.length,
      });
      for (const [index, name] of node.output.entries()) {
        const output = outputs[index];
        if (output !== undefined) values.set(name, output);
      }
    }
    return this.#valueOf(values, this.#graph.output[0]?.name ?? '');
  }

  #valueOf(values: ReadonlyMap<string, Traced>, name: string): Traced {
    const value = values.get(name);
    if (value !== undefined) return value;
    throw new JepaMpcError('model.unreadable', {
      subject: this.#subject,
      found: `no tensor named "${name}"`,
      expected: 'every operator after those that make its inputs',
      remedy: 'Export the model again.',
    });
  }

  #foreign(operator: string): JepaMpcError {
    return unsupported(`operator ${operator}`, 'operators of ONNX itself', this.#subject);
  }
}
