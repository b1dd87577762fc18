import { isDeepStrictEqual } from 'node:util';

import type { ModelInfo } from '../core/model-info.js';
import { valuesOf } from '../core/parameter.js';
import type { Logger } from '../core/types.js';
import { writeValue } from '../core/write-value.js';
import type { DeviceChoice } from '../model/devices.js';
import { validateParameters } from '../params/validate.js';
import { checkPlanning } from '../planning/check-planning.js';
import { planningParameters, type PlanningValues } from '../planning/planning-parameters.js';
import type { RecordedTerms } from '../recording/recorded-terms.js';
import { replay, type ReplayedJob, type ReplaySummary } from '../recording/replay.js';
import { differenceIn, momentOf, newestStampNs } from '../recording/what-if.js';
import type { DifferenceView, Moment, PlanView, WhatIf } from '../recording/what-if-view.js';
import type { PlannerSettings } from '../worker/planner-port.js';
import { WorkerPlanner } from '../worker/worker-planner.js';

export interface ComparisonOptions {
  readonly path: string;
  /** Folder of the model, where it is not the recorded one. */
  readonly model?: string;
  readonly device?: DeviceChoice;
  readonly acceptsOtherModel: boolean;
  /** Values that replace the recorded ones, by name; null: the recorded ones, so that the plans are the same. */
  readonly given: Readonly<Record<string, unknown>> | null;
  /** Whether every plan is kept to be shown, with the terms of its cost, or only counted. */
  readonly keepsMoments: boolean;
  readonly mostPlans?: number;
  /** Gets each job and its place among the moments. */
  readonly onJob?: (job: ReplayedJob, index: number) => void | Promise<void>;
  readonly onRead?: (bytes: number, ofBytes: number) => void;
  readonly log: Logger;
}

export interface Comparison {
  readonly report: WhatIf;
  readonly summary: ReplaySummary;
  /** The last one that was loaded. */
  readonly model: ModelInfo | null;
}

/**
 * Makes the plans of a recording again, in a planner process of its own, and compares them with the recorded ones.
 *
 * @throws JepaMpcError `params.invalid` before a model is loaded; what {@link replay} throws
 */
export async function compareWithRecording(options: ComparisonOptions): Promise<Comparison> {
  if (options.given !== null) validateParameters(options.given, { acceptsQuantities: true });
  const comparing = new Comparing(options);
  const planner = new WorkerPlanner(new URL('../worker/planner-worker.js', import.meta.url), options.log);
  try {
    return await comparing.perform(planner);
  } finally {
    await planner.dispose();
  }
}

class Comparing {
  readonly #options: ComparisonOptions;
  #model: ModelInfo | null = null;
  #compared = 0;
  #identical = 0;
  #difference: DifferenceView | null = null;
  readonly #moments: Moment[] = [];
  readonly #terms = new Map<string, PlanView['terms']>();
  readonly #changed: Record<string, string> = {};
  #hasChecked = false;
  /** Of the joints; empty: all turn. */
  #units: readonly string[] = [];
  /** Stamp of the newest moment, and its time since the first. */
  #last: { readonly stampNs: bigint; readonly timeS: number } | null = null;

  constructor(options: ComparisonOptions) {
    this.#options = options;
  }

  async perform(planner: WorkerPlanner): Promise<Comparison> {
    const { path, acceptsOtherModel, given, keepsMoments, mostPlans, onRead, log } = this.#options;
    const summary = await replay(path, {
      planner,
      settings: (recorded) => this.#settings(recorded),
      acceptsOtherModel,
      ...(given !== null && {
        values: (recorded: PlanningValues, model: ModelInfo) => this.#values(given, recorded, model),
      }),
      costTerms: keepsMoments,
      onJob: (job) => this.#onJob(job),
      ...(keepsMoments && {
        onTerms: ({ planIndex, stampNs, terms }: RecordedTerms) => {
          this.#terms.set(keyOf(planIndex, String(stampNs)), terms);
        },
      }),
      ...(onRead && { onRead }),
      ...(mostPlans !== undefined && { mostPlans }),
      warn: (line) => {
        log.warn(line);
      },
    });
    return { report: this.#report(summary), summary, model: this.#model };
  }

  #settings({ parameters, warmUp }: PlannerSettings): PlannerSettings {
    const { model, device } = this.#options;
    return {
      parameters: { ...parameters, ...(model !== undefined && { model }), ...(device && { device }) },
      warmUp,
    };
  }

  /** The recorded values with those that were given. */
  #values(
    given: Readonly<Record<string, unknown>>,
    recorded: PlanningValues,
    model: ModelInfo,
  ): PlanningValues {
    const all = validateParameters({ ...recorded, ...given }, { acceptsQuantities: true });
    const values = valuesOf(planningParameters, all);
    if (!this.#hasChecked) {
      this.#hasChecked = true;
      checkPlanning(values, model.planning);
      for (const name of Object.keys(planningParameters) as (keyof PlanningValues)[])
        if (!isDeepStrictEqual(values[name], recorded[name]))
          this.#changed[name] = `${writeValue(recorded[name])} -> ${writeValue(values[name])}`;
    }
    return values;
  }

  async #onJob(job: ReplayedJob): Promise<void> {
    this.#model = job.model;
    this.#units = job.request.joint_units;
    const index = this.#compared;
    this.#compared += 1;
    const difference = differenceIn(job);
    if (difference === null) this.#identical += 1;
    this.#difference ??= difference;
    if (this.#options.keepsMoments) this.#moments.push(momentOf(job, this.#timeOf(job)));
    await this.#options.onJob?.(job, index);
  }

  /** Time since the first moment, s. Where the clock went back, the recording goes on a period later. */
  #timeOf({ request, model }: ReplayedJob): number {
    const stampNs = newestStampNs(request);
    const before = this.#last ?? { stampNs, timeS: 0 };
    const passedS = Number(stampNs - before.stampNs) / 1e9;
    const timeS = before.timeS + (passedS >= 0 ? passedS : model.periodMs / 1000);
    this.#last = { stampNs, timeS };
    return timeS;
  }

  #report(summary: ReplaySummary): WhatIf {
    const model = this.#model;
    const joints = model?.joints ?? [];
    const action = model?.planning.action;
    return {
      recording: this.#options.path,
      model: model?.name ?? '',
      device: model?.device ?? '',
      cameras: model?.cameras.map(({ name }) => name) ?? [],
      actions: action?.names ?? [],
      joints: joints.map((name, joint) => ({ name, unit: this.#units[joint] === 'm' ? 'm' : 'rad' })),
      periodMs: model?.periodMs ?? 0,
      isWhatIf: this.#options.given !== null,
      changed: this.#changed,
      compared: this.#compared,
      identical: this.#identical,
      firstDifference: this.#difference,
      notes: notesOf(summary),
      moments: this.#moments.map((moment) => this.#withTerms(moment)),
    };
  }

  /** The terms of a recorded plan are published, and recorded, after the plan itself. */
  #withTerms(moment: Moment): Moment {
    const terms = this.#terms.get(keyOf(moment.planIndex, moment.stampNs));
    return terms === undefined ? moment : { ...moment, recorded: { ...moment.recorded, terms } };
  }
}

/** What was not compared, in sentences. */
function notesOf({ end, leftOut }: ReplaySummary): readonly string[] {
  const cut = end?.cut ?? null;
  return [
    ...(end === null || cut === null
      ? []
      : [
          `The file is cut off: ${megabytes(end.wholeBytes)} of ${megabytes(end.bytes)} MB are whole and were used (${cut}).`,
        ]),
    ...[...leftOut].map(([reason, count]) => `${String(count)} plans not compared: ${reason}.`),
  ];
}

function keyOf(planIndex: number, stampNs: string): string {
  return `${String(planIndex)} ${stampNs}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
