// ONNX Runtime looks for its providers where it was loaded from: this import, which may load it elsewhere, has to come first.
import './installed-gpu.js';

export * from 'onnxruntime-node';
