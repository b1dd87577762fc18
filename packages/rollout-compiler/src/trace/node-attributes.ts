import { readTensor, type Constant } from '../graph/constant.js';
import type { AttributeProto, NodeProto } from '../onnx/onnx_pb.js';

const text = new TextDecoder();

/** Attributes of a node of a model file, by name. `absent` is the default that the ONNX specification gives the attribute. */
export class NodeAttributes {
  readonly #byName: ReadonlyMap<string, AttributeProto>;

  constructor(node: NodeProto) {
    this.#byName = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int(name: string, absent: number): number {
    const attribute = this.#byName.get(name);
    return attribute === undefined ? absent : Number(attribute.i);
  }

  float(name: string, absent: number): number {
    return this.#byName.get(name)?.f ?? absent;
  }

  text(name: string, absent: string): string {
    const attribute = this.#byName.get(name);
    return attribute === undefined ? absent : text.decode(attribute.s);
  }

  ints(name: string): number[] | null {
    const attribute = this.#byName.get(name);
    return attribute === undefined ? null : attribute.ints.map(Number);
  }

  tensor(name: string): Constant | null {
    const tensor = this.#byName.get(name)?.t;
    return tensor === undefined ? null : readTensor(tensor);
  }
}
