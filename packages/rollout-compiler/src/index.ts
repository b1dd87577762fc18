/**
 * The public interface of the compiler. Nothing outside of this package imports its other files, except tests.
 *
 * - Compiling: {@link RolloutCompiler}, from {@link RolloutSources} and a {@link RolloutRequest} to the bytes of an ONNX file.
 * - ONNX files, for whoever loads a model: read and write them, walk their tensors, find the data that they have in other files.
 */
export { RolloutCompiler, type RolloutRequest, type RolloutSources } from './compile-rollout.js';
export { ALL_SAVINGS, type Savings } from './graph/value-table.js';
export { WEIGHT_NAMES } from './nodes/objective-nodes.js';
export type { Refit } from './nodes/plan-nodes.js';
export { ExternalData, isExternal, PINNED_TO } from './onnx/external-data.js';
export { elementsOf, encodeModel, readModel, tensorsOf } from './onnx/model-file.js';
export { TensorProto_DataType, type ModelProto, type TensorProto } from './onnx/onnx_pb.js';
