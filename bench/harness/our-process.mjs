/**
 * Our side as a process: the other end of side.mjs. Planning runs in a worker thread (the node's planner has a process of its own), so that
 * this thread stays free. A request with `gaps` measures how free it was.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';
import { Worker } from 'node:worker_threads';

const TICK_MS = 1;

const worker = new Worker(new URL('our-worker.mjs', import.meta.url));

/** @returns {Promise<any>} the worker's answer; it has one request at a time */
function askWorker(request) {
  return new Promise((resolve, reject) => {
    const onMessage = (answer) => {
      worker.off('error', onError);
      resolve(answer);
    };
    const onError = (error) => {
      worker.off('message', onMessage);
      reject(error);
    };
    worker.once('message', onMessage).once('error', onError);
    worker.postMessage(request);
  });
}

/** @returns {Promise<any>} the answer, with the milliseconds between the ticks of this thread while it waited */
async function askWhileTicking(request) {
  const gapsMs = [];
  let lastMs = performance.now();
  const ticks = setInterval(() => {
    const nowMs = performance.now();
    gapsMs.push(nowMs - lastMs);
    lastMs = nowMs;
  }, TICK_MS);
  const answer = await askWorker(request);
  clearInterval(ticks);
  return { ...answer, gapsMs };
}

/** Peak resident memory of this process so far, in MB (2^20 bytes). */
function peakMb() {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kilobytes) / 1024;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    if (request.op === 'memory') answer = { peakMb: peakMb() };
    else answer = await (request.gaps ? askWhileTicking(request) : askWorker(request));
    answer = { ok: answer.error === undefined, ...answer };
  } catch (error) {
    answer = { ok: false, error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await worker.terminate();
