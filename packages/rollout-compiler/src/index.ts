/** The whole public interface of the compiler. Nothing outside of this package imports its other files. */
export { RolloutCompiler, type RolloutRequest, type RolloutSources } from './compile-rollout.js';
export { ExternalData, isExternal, PINNED_TO } from './onnx/external-data.js';
export { elementsOf, tensorsOf } from './onnx/model-file.js';
export { encodeModel, readModel } from './onnx/model-file.js';
export { WEIGHT_NAMES } from './nodes/objective-nodes.js';
export { TensorProto_DataType, type ModelProto, type TensorProto } from './onnx/onnx_pb.js';
export type { Refit } from './nodes/plan-nodes.js';
export { ALL_SAVINGS, type Savings } from './graph/value-table.js';
