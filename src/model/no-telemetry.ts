/*
 * ONNX Runtime collects sessions, facts of models, run times and facts of the machine for its vendor, in a file of the user's caches,
 * unless this is set before it is loaded. Whoever wants that sets it to 0.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';
