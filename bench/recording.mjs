/**
 * What a recording costs: `node bench/recording.mjs [--seconds 20] [--width 128 --height 128] [--camera-hz 30] [--file FILE.mcap]`, after
 * `npm run setup`.
 *
 * One thread hands over what the node would: images, joint states and commands at 100 Hz, and for every other image a request, a plan and the
 * statistics. Processor time of the whole process, the thread that writes included, with the recording and without it in turn; the difference
 * is the cost. It includes encoding and handing over, as in the node.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Recorder } from '../dist/src/recording/recorder.js';
import {
  COMPRESSED_IMAGE,
  IMAGE,
  JOINT_STATE,
  JOINT_TRAJECTORY,
  STRING,
} from '../dist/src/recording/ros-types.js';
import { encode } from '../dist/src/recording/ros-message.js';
import {
  compressedImageBytes,
  imageBytes,
  jointStateBytes,
} from '../dist/src/ros/recording/recorded-messages.js';
import { jointTrajectory } from '../dist/src/ros/topics/trajectory-messages.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    width: { type: 'string', default: '128' },
    height: { type: 'string', default: '128' },
    'camera-hz': { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    compressed: { type: 'boolean', default: false },
    file: { type: 'string' },
  },
});
const [seconds, width, height, cameraHz, rounds] = [
  values.seconds,
  values.width,
  values.height,
  values['camera-hz'],
  values.rounds,
].map(Number);
const TICK_MS = 10;
const JOINTS = ['shoulder', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3', 'hand', 'gripper'];
const header = { stamp: { sec: 1, nanosec: 5 }, frame_id: 'camera' };
const pixels = new Uint8Array(width * height * 3).map((_, index) => index * 31);
const image = { header, height, width, encoding: 'rgb8', is_bigendian: 0, step: width * 3, data: pixels };
const compressed = { header, format: 'jpeg', data: pixels.subarray(0, pixels.length / 10) };
const joints = {
  header,
  name: JOINTS,
  position: JOINTS.map(() => 0.1),
  velocity: JOINTS.map(() => 0.2),
  effort: [],
};
const point = {
  positions: new Float64Array(7),
  velocities: new Float64Array(7),
  timeFromStartNs: 20_000_000n,
};
const command = jointTrajectory(
  Array.from({ length: 10 }, () => point),
  JOINTS,
  { hasVelocities: true },
);
const planText = 'x'.repeat(5000);

const folder = mkdtempSync(join(tmpdir(), 'recording-'));
const recorder = new Recorder(
  new URL('../dist/src/recording/recorder-worker.js', import.meta.url),
  (event) => {
    if (event.type === 'ended' && event.reason !== null) console.error(event.reason);
  },
);

/** Hands over one period's messages. */
function tick(count) {
  const logNs = BigInt(count) * 10_000_000n;
  const write = (topic, type, make, kind) => recorder.write({ topic, type }, { logNs }, make, kind);
  write('/joint_states', JOINT_STATE, () => jointStateBytes(joints));
  write('/joint_trajectory', JOINT_TRAJECTORY, () => new Uint8Array(command));
  const images =
    Math.floor(((count + 1) * TICK_MS * cameraHz) / 1000) - Math.floor((count * TICK_MS * cameraHz) / 1000);
  for (let index = 0; index < images; index++) {
    if (values.compressed)
      write('/image/compressed', COMPRESSED_IMAGE, () => compressedImageBytes(compressed), 'image');
    else write('/image', IMAGE, () => imageBytes(image), 'image');
    for (const topic of count % 2 === 0 ? ['/request', '/plan', '/statistics'] : [])
      write(topic, STRING, () => encode(STRING, { data: planText }, 6000));
  }
}

/** Processor time of this process for some seconds of messages, as a share of one core. */
async function share() {
  const [startMs, before] = [performance.now(), process.cpuUsage()];
  for (let count = 0; count * TICK_MS < seconds * 1000; count++) {
    tick(count);
    await sleep(Math.max(0, startMs + (count + 1) * TICK_MS - performance.now()));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - startMs);
}

const costs = [];
try {
  await share();
  for (let round = 0; round < rounds; round++) {
    const without = await share();
    recorder.start({
      path: values.file ?? join(folder, `${round}.mcap`),
      library: 'bench',
      maxBytes: Infinity,
      minFreeBytes: 0,
      queueBytes: 64e6,
    });
    const costWith = await share();
    await recorder.stop();
    costs.push(costWith - without);
    const { messages, dropped, bytes } = recorder.status;
    console.log(
      `round ${round + 1}: ${(100 * without).toFixed(2)} % of a core without, ${(100 * costWith).toFixed(2)} % with; ` +
        `${messages} messages, ${dropped} dropped, ${(bytes / 1e6 / seconds).toFixed(2)} MB a second`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
costs.sort((a, b) => a - b);
const percent = (share) => (100 * share).toFixed(2);
const what = `${width} x ${height} ${values.compressed ? 'JPEG' : 'rgb8'} at ${cameraHz} Hz, joint states and commands at 100 Hz`;
console.log(
  `recording ${what}: ${percent(costs[Math.floor(costs.length / 2)])} % of a core (${percent(costs[0])} to ${percent(costs.at(-1))} over ${rounds} rounds), ${cpus().length} x ${cpus()[0]?.model}`,
);
