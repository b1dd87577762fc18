import { getPriority, setPriority } from 'node:os';

import { JepaMpcError } from '../core/errors.js';
import type { Logger } from '../core/types.js';
import type { FromWorker, ToWorker, WorkerReply } from './worker-protocol.js';
import { DeviceGuard } from './device-guard.js';

/* What runs in the planner's process: answers one message at a time with one message. */

/** Nice value of the planner: the command stream, the camera and the robot's drivers come first on a busy machine. */
const niceness = 10;

// On Linux process 0 is the calling thread; those that ONNX Runtime starts from it inherit it. A replay has a higher value already.
if (getPriority(0) < niceness) setPriority(0, niceness);

// Ctrl-C and service managers signal every process of the node. Only the node decides when to end: it may still brake.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
// The node is gone.
process.on('disconnect', () => process.exit());

let guard: DeviceGuard | null = null;

/** Does nothing if the node is gone: `disconnect` follows. */
function send(message: FromWorker): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

/** Log lines for the process that started the worker. */
const log: Logger = {
  debug: (text) => {
    send({ type: 'log', level: 'debug', text });
  },
  info: (text) => {
    send({ type: 'log', level: 'info', text });
  },
  warn: (text) => {
    send({ type: 'log', level: 'warn', text });
  },
  error: (text) => {
    send({ type: 'log', level: 'error', text });
  },
};

async function answer(message: Exclude<ToWorker, { type: 'stop' }>): Promise<WorkerReply> {
  if (message.type === 'load') {
    guard = await DeviceGuard.load(message.settings, log);
    const { info, isReady } = guard.engine;
    return { type: 'loaded', model: info, isReady };
  }
  if (guard === null) {
    throw new JepaMpcError('planner.not-ready', {
      subject: 'planner worker',
      found: `a message of type ${message.type}`,
      expected: 'a loaded model first',
      remedy: 'This is a defect: please report it.',
    });
  }
  if (message.type === 'explain') return { type: 'explained', map: await guard.engine.explain(message) };
  const plan = await guard.plan(message);
  return { type: 'planned', plan, isReady: guard.engine.isReady };
}

function failure(error: unknown): WorkerReply {
  if (error instanceof JepaMpcError) {
    const { subject, found, expected, remedy } = error.facts;
    return {
      type: 'failed',
      code: error.code,
      facts: { subject, found, expected, remedy },
      stack: error.stack ?? '',
    };
  }
  const found = error instanceof Error ? error.message : String(error);
  const facts = {
    subject: 'planner',
    found,
    expected: 'a plan',
    remedy: 'Look at the log; please report it.',
  };
  return {
    type: 'failed',
    code: 'planner.not-ready',
    facts,
    stack: error instanceof Error ? (error.stack ?? '') : '',
  };
}

/** Handles one message at a time: a stop waits for the job before it. */
async function handle(message: ToWorker): Promise<void> {
  if (message.type === 'stop') {
    await guard?.engine.dispose();
    process.disconnect();
    return;
  }
  send(await answer(message).catch(failure));
  // After the plan was sent, so that it is not delayed.
  setImmediate(() => guard?.engine.buildPending());
}

let last = Promise.resolve();
process.on('message', (message: ToWorker) => {
  last = last
    .then(() => handle(message))
    .catch((error: unknown) => {
      // The node would wait for an answer that cannot be sent. It notices the end of this process.
      console.error(error);
      process.exit(1);
    });
});
