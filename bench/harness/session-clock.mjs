// Before ONNX Runtime is loaded.
import '../../dist/src/model/onnx-runtime.js';
import { InferenceSession } from 'onnxruntime-node';

let totalMs = 0;

/** Every session's `run`, timed from outside: from the call until its promise is settled. */
const { run } = InferenceSession.prototype;
InferenceSession.prototype.run = async function (...args) {
  const startMs = performance.now();
  try {
    return await run.apply(this, args);
  } finally {
    totalMs += performance.now() - startMs;
  }
};

/** @returns {number} milliseconds that this thread has spent in `session.run` so far */
export const sessionRunMs = () => totalMs;
