import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { JepaMpcError } from '../../core/errors.js';
import { profileValues } from '../../params/profile-values.js';
import type { ProfileStore } from '../profiles/profile-store.js';
import type { RecordingInfo, ReplayState } from '../replay-protocol.js';
import { TokenBucket } from '../token-bucket.js';
import { MomentPictures } from './moment-pictures.js';
import type { RecordingFolder } from './recording-folder.js';
import type { FromReplay, ReplayRequest } from './replay-messages.js';

/** Pictures of one replay: some minutes of a camera. */
const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

export interface ReplaysOptions {
  /** Script of the process that replays; the composition root decides what runs in it. */
  readonly entry: URL;
  readonly recordings: RecordingFolder;
  readonly profiles: ProfileStore;
  /** Full name of the planner node, whose part of a profile counts. */
  readonly node: string;
  readonly onState: (state: ReplayState) => void;
  /** Monotonic. */
  readonly nowMs: () => number;
}

/** A page that starts and cancels without a pause must not fill the machine with processes. */
const STARTS_PER_SECOND = 1;
const STARTS_AT_ONCE = 3;

/** The newest replay: under way, or with what came of it. */
interface Run {
  readonly process: ChildProcess;
  readonly pictures: MomentPictures;
  state: ReplayState;
  result: Uint8Array<ArrayBuffer> | null;
}

/** Replays recordings for the pages, one at a time, each in a process of its own that can be ended at any moment. */
export class Replays {
  readonly #options: ReplaysOptions;
  readonly #starts = new TokenBucket(STARTS_PER_SECOND, STARTS_AT_ONCE);
  #run: Run | null = null;

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  async list(): Promise<{ readonly folder: string; readonly recordings: readonly RecordingInfo[] }> {
    const { recordings } = this.#options;
    return { folder: recordings.folder, recordings: await recordings.list() };
  }

  /**
   * Starts a replay. What came of the one before is forgotten.
   *
   * @param recording a name of the list
   * @param profile whose values replace the recorded ones; null: none
   * @throws JepaMpcError `dashboard.replay` while another one is under way, `recording.*`, `profile.*`, `params.invalid`
   */
  async start(recording: string, profile: string | null): Promise<void> {
    this.#requireNone();
    const path = await this.#options.recordings.find(recording);
    const given = profile === null ? null : await this.#valuesOf(profile);
    this.#requireNone();
    if (!this.#starts.take(this.#options.nowMs())) throw tooMany();
    const child = fork(this.#options.entry, { serialization: 'advanced' });
    const run: Run = {
      process: child,
      pictures: new MomentPictures(MAX_PICTURE_BYTES),
      state: {
        ...{ phase: 'running', run: randomUUID(), recording, profile },
        ...{ share: 0, plans: 0, message: '' },
      },
      result: null,
    };
    this.#run = run;
    child.on('message', (message: FromReplay) => {
      this.#onMessage(run, message);
    });
    child.on('error', (error) => {
      this.#change(run, { phase: 'failed', message: ended(error.message).message });
    });
    // After its last message: `exit` may come before it.
    child.on('close', (code, signal) => {
      const found = signal === null ? `an end with status ${String(code)}` : `an end by ${signal}`;
      this.#change(run, { phase: 'failed', message: ended(found).message });
    });
    child.send({ path, recording, given } satisfies ReplayRequest, () => undefined);
    this.#options.onState(run.state);
  }

  /** Ends the replay that is under way, if there is one. */
  cancel(): void {
    const run = this.#run;
    if (run?.state.phase !== 'running') return;
    this.#change(run, { phase: 'cancelled' });
    run.process.kill('SIGKILL');
  }

  /** A `WhatIf` as JSON, compressed with gzip; null: there is none of this replay. */
  result(run: string): Uint8Array<ArrayBuffer> | null {
    return this.#run?.state.run === run ? this.#run.result : null;
  }

  /** A JPEG of what a camera showed; null: there is none. */
  picture(run: string, moment: number, camera: number): Uint8Array<ArrayBuffer> | null {
    return this.#run?.state.run === run ? this.#run.pictures.at(moment, camera) : null;
  }

  async #valuesOf(profile: string): Promise<ReplayRequest['given']> {
    const { profiles, node } = this.#options;
    const text = await profiles.read(profile);
    return Object.fromEntries(profileValues(text, `profile ${profiles.fileOf(profile)}`, node));
  }

  #onMessage(run: Run, message: FromReplay): void {
    if (run.state.phase !== 'running') return;
    switch (message.type) {
      case 'progress':
        this.#change(run, { share: message.share, plans: message.plans });
        return;
      case 'picture':
        run.pictures.add(message.moment, message.camera, message.jpeg);
        return;
      case 'done':
        run.result = message.result;
        this.#change(run, { phase: 'done', share: 1 });
        return;
      case 'failed':
        this.#change(run, { phase: 'failed', message: message.message });
    }
  }

  /** Nothing, once it is no longer under way. */
  #change(run: Run, change: Partial<ReplayState>): void {
    if (run.state.phase !== 'running') return;
    run.state = { ...run.state, ...change };
    this.#options.onState(run.state);
  }

  #requireNone(): void {
    if (this.#run?.state.phase !== 'running') return;
    throw new JepaMpcError('dashboard.replay', {
      subject: `replay of ${this.#run.state.recording}`,
      found: 'that it is under way',
      expected: 'one replay at a time',
      remedy: 'Wait until it is done, or cancel it.',
    });
  }
}

function tooMany(): JepaMpcError {
  return new JepaMpcError('dashboard.replay', {
    subject: 'start of a replay',
    found: 'several right before it',
    expected: `at most ${String(STARTS_PER_SECOND)} a second`,
    remedy: 'Start it again in a moment.',
  });
}

function ended(found: string): JepaMpcError {
  return new JepaMpcError('dashboard.replay', {
    subject: 'process of the replay',
    found,
    expected: 'that it reports what came of it',
    remedy: 'Look at the output of the dashboard. jepa-mpc replay FILE makes the same replay in a terminal.',
  });
}
