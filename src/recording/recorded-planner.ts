import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { Plan } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import type {
  DistanceMap,
  ExplainingPlanner,
  ExplanationRequest,
  PlannerSettings,
  PlanRequest,
} from '../worker/planner-port.js';
import {
  failureRecord,
  goalRecord,
  loadRecord,
  planRecord,
  requestRecord,
  type GoalRecord,
  type LoadRecord,
  type PlanRecord,
  type RequestRecord,
} from './planner-records.js';

/** Takes the records of a planner. */
export interface PlannerRecords {
  /** Stamp of records. */
  readonly nowNs: bigint;
  /** A new file needs the records that what follows refers to. Changes with each file; null: nothing is recorded. */
  readonly file: object | null;
  /** The topic of a recording that has the images of a camera's topic. */
  imageTopic(topic: string): string;
  onLoad(record: LoadRecord): void;
  onGoal(record: GoalRecord): void;
  onRequest(record: RequestRecord): void;
  onPlan(record: PlanRecord): void;
}

/** A planner whose jobs are recorded: all that goes in and comes out, also of jobs whose plans the loop drops. */
export class RecordedPlanner implements ExplainingPlanner {
  readonly #planner: ExplainingPlanner;
  readonly #records: PlannerRecords;
  #load: { readonly settings: PlannerSettings; readonly model: ModelInfo } | null = null;
  /** The file that has the present load. */
  #file: object | null = null;
  #goal: FrameSet | null = null;
  #goals = 0;
  #jobs = 0;
  /** Whether the planner has made no plan since it was loaded. */
  #isNew = true;

  constructor(planner: ExplainingPlanner, records: PlannerRecords) {
    this.#planner = planner;
    this.#records = records;
  }

  async load(settings: PlannerSettings): Promise<ModelInfo> {
    const model = await this.#planner.load(settings);
    this.#load = { settings, model };
    this.#file = null;
    this.#isNew = true;
    return model;
  }

  async plan(request: PlanRequest): Promise<Plan> {
    const isRecorded = this.#begin(request.goal);
    const job = (this.#jobs += 1);
    this.#isNew = false;
    const records = this.#records;
    if (isRecorded) records.onRequest(requestRecord(records.nowNs, { job, goal: this.#goals }, request));
    const { planIndex } = request;
    try {
      const plan = await this.#planner.plan(request);
      if (isRecorded) records.onPlan(planRecord(records.nowNs, { job, planIndex }, plan));
      return plan;
    } catch (error) {
      if (isRecorded && error instanceof JepaMpcError)
        records.onPlan(failureRecord(records.nowNs, { job, planIndex }, error));
      throw error;
    }
  }

  /** Not recorded: no plan depends on it. */
  explain(request: ExplanationRequest): Promise<DistanceMap> {
    return this.#planner.explain(request);
  }

  mayCompile(values: PlanningValues): boolean {
    return this.#planner.mayCompile(values);
  }

  dispose(): Promise<void> {
    return this.#planner.dispose();
  }

  /** Records what a request refers to, once in each file. @returns whether the job is to be recorded */
  #begin(goal: FrameSet): boolean {
    const records = this.#records;
    const { file, nowNs } = records;
    if (file === null || this.#load === null) return false;
    if (file !== this.#file) {
      const { settings, model } = this.#load;
      const about = { stamp: nowNs, isNew: this.#isNew, nextJob: this.#jobs + 1 };
      records.onLoad(loadRecord(about, settings, model, (topic) => records.imageTopic(topic)));
      this.#file = file;
      this.#goal = null;
    }
    if (goal !== this.#goal) {
      this.#goals += 1;
      this.#goal = goal;
      records.onGoal(goalRecord(nowNs, this.#goals, goal));
    }
    return true;
  }
}
