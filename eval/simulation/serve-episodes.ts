import { createInterface } from 'node:readline';
import { JepaMpcError } from '../../src/core/errors.js';
import { parametersByName } from '../../src/params/schema.js';
import { DemoSession } from '../demo/demo-session.js';
import { holdDomain } from '../demo/domain-hold.js';
import { PACKAGE_ROOT } from '../demo/package-root.js';
import { plannerCommand } from '../demo/product-command.js';
import { SIMULATORS } from '../demo/simulators.js';
import { CommandAudit } from '../episodes/command-audit.js';
import { EpisodeMeter } from '../episodes/episode-meter.js';
import { EpisodeObserver } from '../episodes/episode-observer.js';
import { runEpisode } from '../episodes/episode-runner.js';
import { episodeDrawing, type DrawEpisode } from '../episodes/draw-episode.js';
import { PlannerFigures } from '../episodes/planner-figures.js';
import { needsCapture } from '../episodes/prepare-episode.js';
import { taskOf, type Task } from '../episodes/tasks/registry.js';
import { loadSubject, type Subject } from '../episodes/subject.js';
import {
  episodeRequestSchema,
  simulationSettingSchema,
  type Answer,
  type EpisodeRequest,
  type EpisodeResult,
  type ParameterValues,
  type SimulationSetting,
} from './wire.js';

const SERVICE_TIMEOUT_MS = 60_000;

/**
 * Runs a simulation in lockstep: reads its setting and then requests, and answers each. Ends, with all its processes, at the end of the
 * input, also of one that a killed parent leaves.
 *
 * @param write takes one line
 * @returns exit status: 0 at the end of the input, 1 after an error, which was the last answer
 */
export async function serveEpisodes(
  input: NodeJS.ReadableStream,
  write: (line: string) => void,
): Promise<number> {
  const answer = (value: Answer): void => {
    write(JSON.stringify(value));
  };
  const lines = new Lines(input);
  const first = await lines.next();
  if (first === null) return 0;
  let simulation: RunningSimulation | null = null;
  try {
    simulation = await RunningSimulation.open(simulationSettingSchema.parse(JSON.parse(first)), lines);
    answer({ ready: true });
    for (let line = await lines.next(); line !== null; line = await lines.next()) {
      try {
        answer({ result: await simulation.run(episodeRequestSchema.parse(JSON.parse(line))) });
      } catch (error) {
        if (!(error instanceof JepaMpcError) || error.code !== 'params.invalid') throw error;
        answer({ error: { code: error.code, message: error.message } });
      }
    }
    return 0;
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    if (!lines.ended) answer({ error: { code: error.code, message: error.message } });
    return 1;
  } finally {
    await simulation?.close();
  }
}

/** The lines of a stream, one at a time; null at its end. */
class Lines {
  readonly #waiting: string[] = [];
  #take: ((line: string | null) => void) | null = null;
  #ended = false;
  /** Called at the end of the stream. */
  onEnd: () => void = () => undefined;

  constructor(input: NodeJS.ReadableStream) {
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      if (this.#take === null) this.#waiting.push(line);
      else this.#give(line);
    });
    lines.on('close', () => {
      this.#ended = true;
      this.#give(null);
      this.onEnd();
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  next(): Promise<string | null> {
    const line = this.#waiting.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve) => (this.#take = resolve));
  }

  #give(line: string | null): void {
    const take = this.#take;
    this.#take = null;
    take?.(line);
  }
}

class RunningSimulation {
  readonly #session: DemoSession;
  readonly #setting: SimulationSetting;
  readonly #subject: Subject;
  readonly #task: Task;
  readonly #draw: DrawEpisode;
  readonly #observer: EpisodeObserver;
  readonly #audit: CommandAudit;
  readonly #meter: EpisodeMeter;
  readonly #release: () => void;
  #inForce: ParameterValues = {};

  private constructor(
    session: DemoSession,
    setting: SimulationSetting,
    subject: Subject,
    { task, draw }: { task: Task; draw: DrawEpisode },
    measuring: { observer: EpisodeObserver; audit: CommandAudit; meter: EpisodeMeter },
    release: () => void,
  ) {
    this.#session = session;
    this.#setting = setting;
    this.#subject = subject;
    this.#task = task;
    this.#draw = draw;
    this.#observer = measuring.observer;
    this.#audit = measuring.audit;
    this.#meter = measuring.meter;
    this.#release = release;
  }

  static async open(setting: SimulationSetting, lines: Lines): Promise<RunningSimulation> {
    const subject = await loadSubject(setting);
    const { robot } = subject;
    const task = taskOf(setting.task, robot);
    const draw = await episodeDrawing(task, subject, setting);
    const audit = new CommandAudit(robot.limits);
    const meter = new EpisodeMeter(robot.limits);
    const observer = new EpisodeObserver(audit, new PlannerFigures(), meter);
    const simulator = SIMULATORS[setting.simulator];
    const release = await holdDomain(process.env['ROS_DOMAIN_ID'] ?? '0');
    const session = await DemoSession.open(simulator, robot, observer, (line) => {
      if (setting.verbose) process.stderr.write(`${line}\n`);
    });
    const simulation = new RunningSimulation(
      session,
      setting,
      subject,
      { task, draw },
      { observer, audit, meter },
      release,
    );
    lines.onEnd = () => {
      session.client.fail(abandoned());
    };
    try {
      if (lines.ended) throw abandoned();
      await session.start(
        {
          ...setting,
          simulator,
          lockstep: true,
          headless: true,
          recordingFile: null,
          // JSON is YAML, which the values of -p are.
          plannerParameters: Object.entries(setting.startParameters).map(
            ([name, value]) => `${name}=${JSON.stringify(value)}`,
          ),
          plannerCommand: plannerCommand(),
          dashboardCommand: null,
        },
        subject,
        PACKAGE_ROOT,
      );
    } catch (error) {
      await simulation.close();
      throw error;
    }
    return simulation;
  }

  async run({ parameters, seed, episode }: EpisodeRequest): Promise<EpisodeResult> {
    await this.#apply(parameters);
    const drawn = this.#draw(seed, episode);
    const violationsBefore = this.#audit.violations;
    const task = this.#task;
    const { success, timeS, finalDistanceM, holdReason, failure } = await runEpisode(
      {
        client: this.#session.client,
        observer: this.#observer,
        robot: this.#subject.robot,
        task,
        policy: 'planner',
        capturesGoal: needsCapture(this.#subject.manifest, task),
        lockstep: true,
        limitS: this.#setting.episodeSeconds,
        recorded: false,
        onVerdict: () => undefined,
      },
      drawn,
    );
    const limitViolations = this.#audit.violations - violationsBefore;
    return {
      episode,
      success,
      timeS,
      finalDistanceM,
      holdReason,
      ...(failure !== '' && { failure }),
      ...this.#meter.measures,
      limitViolations,
    };
  }

  async close(): Promise<void> {
    await this.#session.close();
    this.#release();
  }

  /** Sets what differs from the values in force, as one set: values may depend on each other. */
  async #apply(parameters: ParameterValues): Promise<void> {
    const names = new Set([...Object.keys(parameters), ...Object.keys(this.#inForce)]);
    const changes: Record<string, ParameterValues[string]> = {};
    for (const name of names) {
      const wanted = parameters[name] ?? parametersByName.get(name)?.defaultValue;
      if (wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(this.#inForce[name]))
        changes[name] = wanted;
    }
    if (Object.keys(changes).length === 0) return;
    await this.#session.client.setParameters(changes, SERVICE_TIMEOUT_MS);
    this.#inForce = parameters;
  }
}

function abandoned(): JepaMpcError {
  return new JepaMpcError('demo.interrupted', {
    subject: 'simulation',
    found: 'the end of its standard input',
    expected: 'requests from the program that started it',
    remedy: 'All its processes have been stopped.',
  });
}
