import { setPriority } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { JepaMpcError } from '../core/errors.js';
import type { Logger } from '../core/types.js';
import { jpegOf } from '../dashboard/planner/jpeg.js';
import type { FromReplay, ReplayRequest } from '../dashboard/replay/replay-messages.js';
import type { ReplayedJob } from '../recording/replay.js';
import type { WhatIf } from '../recording/what-if-view.js';
import { compareWithRecording } from './replay-comparison.js';

/* What runs in the process that replays a recording for the dashboard: one replay, and nothing after it. */

/** Nice value: people wait for it, the robot does not. The planner process that it starts inherits it. */
const NICENESS = 19;
const PROGRESS_MS = 250;
/** Pictures are shown small, beside plots. [pixels] */
const PICTURE_WIDTH = 320;
/** What a page can show: some minutes of plans. */
const MOST_PLANS = 6000;
/** Lines of the planner that are shown. */
const MOST_WARNINGS = 5;
/** Digits that matter in a plot. */
const DIGITS = 7;

setPriority(NICENESS);
// The dashboard is gone.
process.on('disconnect', () => process.exit());

/** Resolves when the message has been handed over. */
function send(message: FromReplay): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => {
      resolve();
    });
  });
}

class ReplayProcess {
  readonly #request: ReplayRequest;
  readonly #warnings = new Set<string>();
  #share = 0;
  #sentMs = -Infinity;

  constructor(request: ReplayRequest) {
    this.#request = request;
  }

  async perform(): Promise<void> {
    const { path, recording, given } = this.#request;
    const { report, summary } = await compareWithRecording({
      path,
      acceptsOtherModel: false,
      given,
      keepsMoments: true,
      mostPlans: MOST_PLANS,
      onJob: (job, index) => this.#onJob(job, index),
      onRead: (bytes, ofBytes) => {
        this.#share = Math.min(1, bytes / Math.max(1, ofBytes));
      },
      log: this.#log,
    });
    const notes = [
      ...report.notes,
      ...(summary.end === null
        ? [`These are the first ${String(MOST_PLANS)} plans; jepa-mpc replay FILE compares all of them.`]
        : []),
      ...[...this.#warnings].slice(0, MOST_WARNINGS),
    ];
    const content: WhatIf = { ...report, recording, notes };
    const json = JSON.stringify(content, (_, value: unknown) =>
      typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value,
    );
    await send({ type: 'done', result: new Uint8Array(await promisify(gzip)(json)) });
  }

  async #onJob({ history, model }: ReplayedJob, moment: number): Promise<void> {
    for (const [camera, frame] of (history.at(-1)?.frames ?? []).entries()) {
      const subject = `camera ${model.cameras[camera]?.name ?? String(camera)}`;
      await send({ type: 'picture', moment, camera, jpeg: await jpegOf(subject, frame, PICTURE_WIDTH) });
    }
    const nowMs = performance.now();
    if (nowMs - this.#sentMs < PROGRESS_MS) return;
    this.#sentMs = nowMs;
    await send({ type: 'progress', share: this.#share, plans: moment + 1 });
  }

  /** What was left out is counted in the report; of the planner's own lines, each is shown once. */
  readonly #log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (line) => this.#warnings.add(line),
    error: (line) => this.#warnings.add(line),
  };
}

function failureOf(error: unknown): string {
  if (!(error instanceof JepaMpcError))
    return `the replay has a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  if (error.code !== 'recording.other-model') return error.message;
  const remedy =
    'Here a recording is replayed with its own model, from where that was. In a terminal: jepa-mpc replay FILE --model DIR, or --other-model to plan with another on purpose.';
  return new JepaMpcError(error.code, { ...error.facts, remedy }).message;
}

process.once('message', (request: ReplayRequest) => {
  void new ReplayProcess(request)
    .perform()
    .catch((error: unknown) => send({ type: 'failed', message: failureOf(error) }))
    .finally(() => {
      process.disconnect();
    });
});
