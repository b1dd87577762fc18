import { JepaMpcError } from '../core/errors.js';
import type { FrameSet, ModelInfo } from '../core/model-info.js';
import type { ParameterFragment, ValuesOf } from '../core/parameter.js';
import type { Plan } from '../core/types.js';
import type { PlanningValues } from '../planning/planning-parameters.js';
import { planningParameters } from '../planning/planning-parameters.js';
import { loadParameters, type PlannerPort, type PlannerSettings } from '../worker/planner-port.js';
import {
  GOAL,
  goalOf,
  jointsOf,
  LOAD,
  METADATA_NAME,
  PLAN,
  RECORDING_FORMAT,
  REQUEST,
  type GoalRecord,
  type LoadRecord,
  type PlanRecord,
  type RequestRecord,
} from './planner-records.js';
import { readRecording, type RecordedMessage, type RecordingEnd } from './read-recording.js';
import { termsIn, type RecordedTerms } from './recorded-terms.js';
import { ReplayInputs } from './replay-inputs.js';
import { decode } from './ros-message.js';

/** A planning job that was made again. */
export interface ReplayedJob {
  readonly request: RequestRecord;
  readonly recorded: PlanRecord;
  /** The plan, or the error that it failed with. */
  readonly again: Plan | JepaMpcError;
  readonly model: ModelInfo;
  /** The frames that it was planned from, the newest last. */
  readonly history: readonly FrameSet[];
}

export interface ReplayOptions {
  readonly planner: PlannerPort;
  /** Settings of the planner for a recorded load: another folder or device, perhaps. */
  readonly settings: (recorded: PlannerSettings, load: LoadRecord) => PlannerSettings;
  /** Whether a model with another content than the recorded one is accepted. */
  readonly acceptsOtherModel: boolean;
  /** Values to plan with instead of the recorded ones; absent: those, so that the plans are the same. */
  readonly values?: (recorded: PlanningValues, model: ModelInfo) => PlanningValues;
  /** Whether plans are to have the terms of their cost, which takes a run of the model more. It changes nothing else. */
  readonly costTerms: boolean;
  /** Gets each job in the order of the recording; the next one waits for it. */
  readonly onJob: (job: ReplayedJob) => void | Promise<void>;
  /** Gets the cost by term of plans whose terms were recorded, some time after their job. */
  readonly onTerms?: (terms: RecordedTerms) => void;
  /** Gets the bytes that were read, and those of the file, while it is read. */
  readonly onRead?: (bytes: number, ofBytes: number) => void;
  /** The replay ends after this many plans; absent: with the file. */
  readonly mostPlans?: number;
  /** Gets a line for people. */
  readonly warn: (line: string) => void;
}

/** What a replay did. */
export interface ReplaySummary {
  /** Null: it ended before the file did, see {@link ReplayOptions.mostPlans}. */
  readonly end: RecordingEnd | null;
  /** Plans that were made again. */
  readonly replayed: number;
  /** Plans that could not be, by the reason. */
  readonly leftOut: ReadonlyMap<string, number>;
  readonly facts: ReadonlyMap<string, string>;
}

/** A request whose outcome has not been read yet. */
interface OpenRequest {
  readonly record: RequestRecord;
  /** Stays null where the job cannot be made again. */
  readonly history: readonly FrameSet[] | null;
  readonly goal: FrameSet | null;
  /** Whether the planner was in step before it. */
  readonly wasInStep: boolean;
}

const NOTHING_READ: RecordingEnd = { kind: 'end', bytes: 0, wholeBytes: 0, cut: 'nothing was read' };

/**
 * Makes the plans of a recording again, from what the planner was given, in the same order: what a plan starts from includes the plan before it.
 * So it begins with the first plan after a reset, and after a gap goes on with the next such plan.
 *
 * @throws JepaMpcError `recording.*`, and what loading the model throws
 */
export async function replay(path: string, options: ReplayOptions): Promise<ReplaySummary> {
  const run = new Replay(path, options);
  let end = NOTHING_READ;
  for await (const item of readRecording(path, options.onRead)) {
    if (item.kind === 'end') end = item;
    else if (item.kind === 'metadata') run.onMetadata(item.name, item.facts);
    else await run.onMessage(item);
    if (run.hasEnough) return run.summary(null);
  }
  return run.summary(end);
}

class Replay {
  readonly #path: string;
  readonly #options: ReplayOptions;
  #facts: ReadonlyMap<string, string> = new Map();
  #model: ModelInfo | null = null;
  readonly #inputs = new ReplayInputs();
  #goal: GoalRecord | null = null;
  #open: OpenRequest | null = null;
  /** Number of the next request. */
  #nextJob = 0;
  /** Whether the planner is in the state that it had in the recording. */
  #isInStep = false;
  #replayed = 0;
  readonly #leftOut = new Map<string, number>();

  constructor(path: string, options: ReplayOptions) {
    this.#path = path;
    this.#options = options;
  }

  get hasEnough(): boolean {
    return this.#replayed >= (this.#options.mostPlans ?? Infinity);
  }

  onMetadata(name: string, facts: ReadonlyMap<string, string>): void {
    if (name !== METADATA_NAME) return;
    this.#facts = new Map([...this.#facts, ...facts]);
    const format = facts.get('format');
    if (format !== undefined && format !== RECORDING_FORMAT) throw this.#otherVersion(`format ${format}`);
  }

  async onMessage(message: RecordedMessage): Promise<void> {
    switch (message.type) {
      case LOAD.name:
        await this.#onLoad(decode(LOAD, message.data));
        return;
      case GOAL.name:
        this.#goal = decode(GOAL, message.data);
        return;
      case REQUEST.name:
        await this.#onRequest(decode(REQUEST, message.data));
        return;
      case PLAN.name:
        await this.#onPlan(decode(PLAN, message.data));
        return;
      default:
        this.#inputs.add(message);
        this.#noteTerms(message);
    }
  }

  #noteTerms(message: RecordedMessage): void {
    const { onTerms } = this.#options;
    const terms = onTerms === undefined ? null : termsIn(message);
    if (terms !== null) onTerms?.(terms);
  }

  /** @throws JepaMpcError `recording.no-plans` if nothing was made again */
  summary(end: RecordingEnd | null): ReplaySummary {
    if (end !== null && this.#replayed === 0) throw this.#noPlans(end);
    return { end, replayed: this.#replayed, leftOut: this.#leftOut, facts: this.#facts };
  }

  async #onLoad(load: LoadRecord): Promise<void> {
    const { planner, settings, acceptsOtherModel, warn } = this.#options;
    const recorded: PlannerSettings = {
      parameters: this.#valuesIn(load.parameters, loadParameters, 'parameters of the planner'),
      warmUp:
        load.warm_up === ''
          ? null
          : this.#valuesIn(load.warm_up, planningParameters, 'values of the warm-up'),
    };
    this.#open = null;
    this.#isInStep = load.is_new;
    this.#nextJob = load.next_job;
    const model = await planner.load(settings(recorded, load));
    if (model.sha256 !== load.model_sha256) {
      const other = this.#otherModel(load, model);
      if (!acceptsOtherModel) throw other;
      warn(`${other.message} The plans are of another model.`);
    }
    this.#model = model;
    this.#inputs.onLoad(load);
  }

  async #onRequest(record: RequestRecord): Promise<void> {
    await this.#planUncompared();
    const wasInStep = this.#isInStep;
    const isNext = record.job === this.#nextJob;
    this.#nextJob = record.job + 1;
    if (record.plan_index === 0) this.#isInStep = true;
    else if (!isNext) this.#isInStep = false;
    const goal = this.#goal?.goal === record.goal ? goalOf(this.#goal) : null;
    let history: readonly FrameSet[] | null = null;
    if (this.#isInStep) {
      try {
        history = await this.#inputs.history(record);
      } catch (error) {
        if (!(error instanceof JepaMpcError)) throw error;
        this.#options.warn(`plan ${String(record.plan_index)}: ${error.message}`);
      }
    }
    this.#open = { record, history, goal, wasInStep };
  }

  async #onPlan(recorded: PlanRecord): Promise<void> {
    const open = this.#open;
    if (open === null || open.record.job !== recorded.job) return;
    this.#open = null;
    if (recorded.error_code === 'planner.worker-died') {
      this.#leaveOut('the planner died or was stopped');
      return;
    }
    if (recorded.error_code === 'planner.not-ready') {
      // It never reached the planner, which is as it was.
      this.#isInStep = open.wasInStep;
      this.#count('the planner was not ready, or busy with another plan');
      return;
    }
    const again = await this.#plan(open, recorded);
    if (again === null || this.#model === null) return;
    this.#replayed += 1;
    const { record: request, history } = open;
    await this.#options.onJob({ request, recorded, again, model: this.#model, history: history ?? [] });
  }

  /** A request whose plan was not recorded: it is made for the state that it leaves. */
  async #planUncompared(): Promise<void> {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const { 'planning.time_budget_ms': budgetMs } = this.#planningValues(open.record);
    if (budgetMs > 0) this.#leaveOut('where the time budget ended the plan was not recorded');
    else if ((await this.#plan(open, null)) !== null) this.#count('the plan itself was not recorded');
  }

  /** Null: it cannot be made, and it is counted why. */
  async #plan(
    { record, history, goal }: OpenRequest,
    recorded: PlanRecord | null,
  ): Promise<Plan | JepaMpcError | null> {
    const model = this.#model;
    if (!this.#isInStep || model === null) {
      this.#leaveOut('before it no plan after a reset was recorded');
      return null;
    }
    if (history === null || goal === null) {
      this.#leaveOut(goal === null ? 'its goal was not recorded' : 'an image was not recorded');
      return null;
    }
    const { values: change, planner, costTerms } = this.#options;
    const values = this.#planningValues(record);
    const used = change?.(values, model) ?? values;
    const hasBudget =
      recorded !== null && recorded.error_code === '' && values['planning.time_budget_ms'] > 0;
    try {
      return await planner.plan({
        planIndex: record.plan_index,
        history,
        goal,
        committed: record.committed,
        joints: jointsOf(record),
        values: used,
        extras: { candidates: 0, costTerms },
        ...(hasBudget &&
          change === undefined && {
            replayed: { iterations: recorded.iterations, timeIsUp: recorded.time_is_up },
          }),
      });
    } catch (error) {
      if (error instanceof JepaMpcError && error.code !== 'planner.worker-died') return error;
      throw error;
    }
  }

  #planningValues({ values }: RequestRecord): PlanningValues {
    return this.#valuesIn(values, planningParameters, 'values of a plan');
  }

  /** The plans after it start from it: until the next reset they cannot be made either. */
  #leaveOut(reason: string): void {
    this.#isInStep = false;
    this.#count(reason);
  }

  #count(reason: string): void {
    this.#leftOut.set(reason, (this.#leftOut.get(reason) ?? 0) + 1);
  }

  /** Values of parameters. @throws JepaMpcError `recording.version` if they are not those that this version has */
  #valuesIn<Fragment extends ParameterFragment>(
    text: string,
    fragment: Fragment,
    what: string,
  ): ValuesOf<Fragment> {
    const values = JSON.parse(text) as object;
    const [known, found] = [Object.keys(fragment), Object.keys(values)];
    const odd = [
      ...found.filter((name) => !known.includes(name)).map((name) => `${name}, which is unknown`),
      ...known.filter((name) => !found.includes(name)).map((name) => `no ${name}`),
    ];
    if (odd.length > 0) throw this.#otherVersion(`${odd.join(', ')} in the ${what}`);
    return values as ValuesOf<Fragment>;
  }

  #otherVersion(found: string): JepaMpcError {
    return new JepaMpcError('recording.version', {
      subject: `recording ${this.#path}`,
      found: `${found}; recorded by version ${this.#facts.get('node_version') ?? 'unknown'} of the node`,
      expected: `format ${RECORDING_FORMAT} with the parameters of this version`,
      remedy: 'Replay it with the version that recorded it. Foxglove and rosbag2 read it as it is.',
    });
  }

  #otherModel({ model_name, model_sha256 }: LoadRecord, { name, sha256 }: ModelInfo): JepaMpcError {
    return new JepaMpcError('recording.other-model', {
      subject: `recording ${this.#path}`,
      found: `model ${name}, manifest sha256 ${sha256.slice(0, 12)}…`,
      expected: `${model_name}, manifest sha256 ${model_sha256.slice(0, 12)}…, which it was recorded with`,
      remedy:
        'Give the folder of that model with --model, and --other-model to plan with another on purpose.',
    });
  }

  #noPlans({ cut }: RecordingEnd): JepaMpcError {
    const reasons = [...this.#leftOut].map(([reason, count]) => `${String(count)} left out: ${reason}`);
    const found = this.#model === null ? ['no planner'] : reasons.length === 0 ? ['no plans'] : reasons;
    return new JepaMpcError('recording.no-plans', {
      subject: `recording ${this.#path}`,
      found: [...found, ...(cut === null ? [] : [`the file cannot be read to its end: ${cut}`])].join('; '),
      expected: 'a plan after a start or a reset, with its images and its goal',
      remedy:
        'Set recording.enabled to true before the node is activated, or call ~/reset while it records, with recording.images true.',
    });
  }
}
