import type { CdrWriter } from '@foxglove/cdr';

import type { CandidateSample, Plan } from '../../core/types.js';
import { cdrMessage, writeString } from './cdr-writing.js';

/** A label and a size. */
type Dimension = readonly [label: string, size: number];

/**
 * std_msgs/Float32MultiArray, serialised: the actions of the plan, then those of the candidates in the order of the sample,
 * `[1 + M, K, A]`.
 */
export function candidateActions({ actions, actionSize }: Plan, sample: CandidateSample): Buffer {
  const steps = actions.length / actionSize;
  const layout: readonly Dimension[] = [
    ['candidate', 1 + sample.costs.length],
    ['step', steps],
    ['joint', actionSize],
  ];
  return multiArray(layout, [actions, sample.actions]);
}

/**
 * std_msgs/Float32MultiArray, serialised: the cost of the plan, then those of the candidates, `[1 + M]`.
 *
 * @param planCost NaN if it is not known
 */
export function candidateCosts(planCost: number, { costs }: CandidateSample): Buffer {
  return multiArray([['candidate', 1 + costs.length]], [Float32Array.of(planCost), costs]);
}

/** @param parts of the data, one after the other */
function multiArray(layout: readonly Dimension[], parts: readonly Float32Array[]): Buffer {
  return cdrMessage((writer) => {
    writeLayout(writer, layout);
    writer.sequenceLength(parts.reduce((total, part) => total + part.length, 0));
    for (const part of parts) writer.float32Array(part, false);
  });
}

/** std_msgs/MultiArrayLayout. The stride of a dimension is the number of values in it, itself included. */
function writeLayout(writer: CdrWriter, layout: readonly Dimension[]): void {
  writer.sequenceLength(layout.length);
  for (const [index, [label, size]] of layout.entries()) {
    writeString(writer, label);
    const stride = layout.slice(index).reduce((total, [, each]) => total * each, 1);
    writer.uint32(size).uint32(stride);
  }
  writer.uint32(0); // data_offset
}
