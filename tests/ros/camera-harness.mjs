/**
 * Receives cameras with the class of the planner node, and prints on stdout, one JSON object a line, what became of every frame.
 * `node camera-harness.mjs '<settings>' --ros-args …`; `report` on stdin asks for the cameras' reports and the time that the thread took since
 * the last report.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';

import rclnodejs from 'rclnodejs';

/**
 * @typedef {object} Settings
 * @property {import('../../src/core/model-info.js').ModelCamera[]} cameras
 * @property {'raw' | 'compressed'} transport
 * @property {number} syncToleranceMs
 * @property {string} [tensorFolder] where the tensor of each frame is written, as float32 `[C, H, W]` of the frame's own size
 */

/** @param {string} path in dist */
const built = (path) => import(String(new URL(`../../dist/src/${path}`, import.meta.url)));
/** @type {typeof import('../../src/ros/topics/camera-inputs.js')} */
const { CameraInputs } = await built('ros/topics/camera-inputs.js');
/** @type {typeof import('../../src/ros/topics/qos-overrides.js')} */
const { QosOverrides } = await built('ros/topics/qos-overrides.js');
/** @type {typeof import('../../src/ros/topics/ros-topics.js')} */
const { RosTopics } = await built('ros/topics/ros-topics.js');
/** @type {typeof import('../../src/ros/topics/qos-watch.js')} */
const { QosWatch } = await built('ros/topics/qos-watch.js');
/** @type {typeof import('../../src/perception/image-to-tensor.js')} */
const { ImageToTensor } = await built('perception/image-to-tensor.js');

/** @type {Settings} */
const settings = JSON.parse(process.argv[2] ?? '{}');

/** @param {object} event */
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

/** @param {string} text */
const warn = (text) => tell({ event: 'warning', text });

/** Processor time of this thread, the one that rclnodejs runs callbacks on, ms. */
const threadCpuMs = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

/**
 * Pixel values of a frame as the model would see them if it took the frame at its own size.
 *
 * @param {import('../../src/core/types.js').ImageFrame} frame
 * @param {import('../../src/core/model-spec.js').WantedImage} wanted
 */
function tensorOf(frame, wanted) {
  const channels = wanted === 'grey' ? 1 : 3;
  const converter = new ImageToTensor({
    name: 'camera',
    topic: 'image',
    width: frame.width,
    height: frame.height,
    channels,
    colorOrder: channels === 1 ? 'mono' : 'rgb',
    resize: 'squash',
    interpolation: 'nearest',
    scale: 1,
    mean: Array.from({ length: channels }, () => 0),
    std: Array.from({ length: channels }, () => 1),
  });
  const values = new Float32Array(converter.length);
  converter.write(frame, values);
  return values;
}

await rclnodejs.init();
const node = new rclnodejs.Node('camera_harness');
const overrides = new QosOverrides(
  node,
  new Map(node.getParameterOverrides().map(({ name, value }) => [name, value])),
);
const cameras = new CameraInputs(new RosTopics(node, overrides), {
  cameras: settings.cameras,
  transport: settings.transport,
  syncToleranceMs: settings.syncToleranceMs,
  warn,
  onProblem: (problem) => {
    const { code, message } = /** @type {import('../../src/core/errors.js').JepaMpcError} */ (problem);
    tell({ event: 'problem', code, message });
  },
  onFrames: ({ frames }) => {
    tell({
      event: 'set',
      frames: frames.map((frame, index) => {
        const { stampNs, encoding, width, height } = frame;
        const told = { stampNs: String(stampNs), encoding, width, height };
        if (settings.tensorFolder === undefined) return told;
        const file = join(settings.tensorFolder, `${String(stampNs)}-${String(index)}.f32`);
        writeFileSync(file, tensorOf(frame, settings.cameras[index]?.wanted ?? 'colour'));
        return { ...told, file };
      }),
    });
  },
});
const watch = new QosWatch(node, warn);
const watching = setInterval(() => watch.look(), 500);

let since = {
  cpuMs: threadCpuMs(),
  process: process.cpuUsage(),
  loop: performance.eventLoopUtilization(),
  ms: performance.now(),
};
createInterface({ input: process.stdin })
  .on('line', () => {
    const now = {
      cpuMs: threadCpuMs(),
      process: process.cpuUsage(),
      loop: performance.eventLoopUtilization(),
      ms: performance.now(),
    };
    const passedMs = now.ms - since.ms;
    const processUs = now.process.user + now.process.system - since.process.user - since.process.system;
    tell({
      event: 'report',
      cameras: cameras.reports,
      threadShare: (now.cpuMs - since.cpuMs) / passedMs,
      processShare: processUs / 1000 / passedMs,
      loopUtilization: performance.eventLoopUtilization(now.loop, since.loop).utilization,
    });
    since = now;
  })
  .on('close', () => {
    clearInterval(watching);
    cameras.dispose();
    node.stop();
    rclnodejs.shutdown();
  });
node.spin();
tell({ event: 'ready' });
