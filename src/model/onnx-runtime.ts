// Both have to come before ONNX Runtime is loaded: it reads the variable then, and looks for its providers where it was loaded from.
import './no-telemetry.js';
import './installed-gpu.js';

export * from 'onnxruntime-node';
