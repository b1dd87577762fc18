import { open, rm, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { at } from '../../src/core/array-access.js';
import { JepaMpcError } from '../../src/core/errors.js';
import { percentile } from '../../src/math/percentile.js';
import { CommandAudit } from '../episodes/command-audit.js';
import { renderAnimation } from './animation.js';
import { renderContactSheet } from './contact-sheet.js';
import { serializeReport, type BaselineReport, type DemoReport } from './demo-report.js';
import { holdDomain } from './domain-hold.js';
import { ContactTally } from '../episodes/contact-tally.js';
import { EpisodeObserver } from '../episodes/episode-observer.js';
import {
  runEpisode,
  type EpisodeOutcome,
  type EpisodeSetting,
  type Policy,
} from '../episodes/episode-runner.js';
import { episodeDrawing } from '../episodes/draw-episode.js';
import type { EpisodeTask } from '../episodes/episode-sampler.js';
import { taskOf, type Task } from '../episodes/tasks/registry.js';
import { writtenTask } from '../episodes/tasks/written-task.js';
import { InterruptWatch } from './interrupt-watch.js';
import { prepareFiles } from '../output-files.js';
import type { DemoOptions } from './options.js';
import { PACKAGE_ROOT } from './package-root.js';
import { needsCapture } from '../episodes/prepare-episode.js';
import { PlannerFigures } from '../episodes/planner-figures.js';
import { loadSubject, type Subject } from '../episodes/subject.js';
import { DemoSession } from './demo-session.js';
import { DemoTerminal, subjectLines, summaryLines } from './terminal.js';
import { wilsonInterval } from '../statistics/wilson-interval.js';

const SERVICE_TIMEOUT_MS = 10_000;

const TITLES: Record<Policy, string> = {
  planner: 'planner',
  inverseDynamics: 'inverse dynamics alone',
  random: 'random actions',
  doNothing: 'do nothing',
  squaredLatentDistance: 'squared latent distance',
};

/** Parameter of the planner node that turns it into a baseline. */
const BASELINE_PARAMETER: Partial<Record<Policy, readonly [name: string, value: string]>> = {
  inverseDynamics: ['planner', 'inverse_dynamics'],
  random: ['planner', 'random'],
  squaredLatentDistance: ['objective.metric', 'squared_latent_distance'],
};

/**
 * Runs the demo and writes its report, its contact sheet and, if asked for, its animation.
 *
 * @returns exit status: 0 after a complete run, whatever the success rate; 1 after an error; 128 + signal number after an interruption
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const terminal = new DemoTerminal(process.stdout);
  const interrupts = new InterruptWatch();
  try {
    const report = await new DemoRun(options, terminal, interrupts).perform();
    for (const line of summaryLines(report)) terminal.line(line);
    terminal.line(`\nwrote ${writtenFiles(options).join(', ')}`);
    return 0;
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return interrupts.exitStatus ?? 1;
  } finally {
    interrupts.dispose();
  }
}

function writtenFiles({ jsonFile, animationFile, recordingFile }: DemoOptions): string[] {
  const asked = [animationFile, recordingFile].filter((file) => file !== null);
  return [jsonFile, contactSheetFile(jsonFile), ...asked];
}

/** The PNG next to the report. */
function contactSheetFile(jsonFile: string): string {
  return `${jsonFile.slice(0, jsonFile.length - extname(jsonFile).length)}.png`;
}

/**
 * Removes the recording of an earlier demo: the node never overwrites one.
 *
 * @throws JepaMpcError `params.invalid` for a file that is no recording
 */
async function removeRecording(path: string): Promise<void> {
  const start = Buffer.alloc(8);
  try {
    const file = await open(path);
    await file.read(start);
    await file.close();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  if (start.subarray(1, 5).toString() !== 'MCAP') {
    throw new JepaMpcError('params.invalid', {
      subject: `--record ${path}`,
      found: 'a file that is no recording',
      expected: 'a new file, or a recording to replace',
      remedy: 'Give another name.',
    });
  }
  await rm(path);
}

class DemoRun {
  readonly #options: DemoOptions;
  readonly #terminal: DemoTerminal;
  readonly #interrupts: InterruptWatch;
  readonly #figures = new PlannerFigures();

  constructor(options: DemoOptions, terminal: DemoTerminal, interrupts: InterruptWatch) {
    this.#options = options;
    this.#terminal = terminal;
    this.#interrupts = interrupts;
  }

  async perform(): Promise<DemoReport> {
    const { episodes, seed, lockstep, jsonFile, animationFile, recordingFile, simulator } = this.#options;
    const subject = await loadSubject(this.#options);
    const { robot, model } = subject;
    const task = taskOf(this.#options.task, robot);
    const draw = await episodeDrawing(task, subject, { ...this.#options, simulator: simulator.name });
    for (const line of subjectLines(subject, task)) this.#terminal.line(line);
    await prepareFiles(writtenFiles(this.#options));
    if (recordingFile !== null) await removeRecording(recordingFile);
    const drawn = Array.from({ length: episodes }, (_, episode) => draw(seed, episode));
    const audit = new CommandAudit(robot.limits);
    const contacts = new ContactTally();
    const observer = new EpisodeObserver(audit, this.#figures, null, contacts);
    const { outcomes, baselines } = await this.#inSession(subject, task, observer, drawn);
    if (audit.commands === 0) throw nothingAudited();
    const report: DemoReport = {
      robot: { name: robot.name, joints: [...robot.joints] },
      task: writtenTask(task),
      simulator: simulator.name,
      imperfections: [...this.#options.imperfections],
      seed,
      mode: lockstep ? 'lockstep' : 'realtime',
      episodeSeconds: this.#options.episodeSeconds,
      episodes: outcomes.map((outcome, index) => writtenEpisode(outcome, at(drawn, index))),
      ...rateOf(outcomes),
      medianTimeS: medianTimeOf(outcomes),
      baselines,
      ...this.#figures.summary(),
      limitViolations: audit.violations,
      contacts: contacts.pairs?.map((pair) => ({ ...pair, names: [...pair.names] })) ?? null,
      largestAcceleration: audit.largestAcceleration,
      model,
    };
    const frames = outcomes.map((outcome) => outcome.frames);
    await writeFile(jsonFile, serializeReport(report));
    await writeFile(contactSheetFile(jsonFile), await renderContactSheet(frames, sheetTitle(report)));
    if (animationFile !== null) await writeFile(animationFile, await renderAnimation(frames));
    return report;
  }

  /** Runs all episodes of the planner, and of the baselines if asked for. */
  async #inSession(
    subject: Subject,
    task: Task,
    observer: EpisodeObserver,
    drawn: readonly EpisodeTask[],
  ): Promise<{ outcomes: EpisodeOutcome[]; baselines: DemoReport['baselines'] }> {
    const release = await holdDomain(process.env['ROS_DOMAIN_ID'] ?? '0');
    const session = await DemoSession.open(this.#options.simulator, subject.robot, observer, (line) => {
      this.#terminal.line(line);
    });
    try {
      this.#interrupts.onInterrupt((signal) => {
        session.client.fail(interrupted(signal));
      });
      await session.start(this.#options, subject, PACKAGE_ROOT);
      const run = (policy: Policy): Promise<EpisodeOutcome[]> =>
        this.#runEpisodes(
          session,
          {
            robot: subject.robot,
            task,
            observer,
            policy,
            capturesGoal: needsCapture(subject.manifest, task),
          },
          drawn,
        );
      const baseline = async (policy: Policy): Promise<BaselineReport | null> =>
        this.#options.baselines ? rateOf(await run(policy)) : null;
      return {
        outcomes: await run('planner'),
        baselines: {
          inverseDynamics:
            subject.manifest.graphs.inverseDynamics === undefined ? null : await baseline('inverseDynamics'),
          random: await baseline('random'),
          doNothing: await baseline('doNothing'),
          squaredLatentDistance: await baseline('squaredLatentDistance'),
        },
      };
    } finally {
      this.#terminal.end();
      await session.close();
      release();
    }
  }

  async #runEpisodes(
    { client }: DemoSession,
    setting: Pick<EpisodeSetting, 'robot' | 'task' | 'observer' | 'policy' | 'capturesGoal'>,
    drawn: readonly EpisodeTask[],
  ): Promise<EpisodeOutcome[]> {
    const { robot, policy } = setting;
    const title = TITLES[policy];
    const [name, value] = BASELINE_PARAMETER[policy] ?? [];
    const before = name === undefined ? '' : await client.getParameter(name, SERVICE_TIMEOUT_MS);
    if (name !== undefined && value !== undefined) await client.setParameter(name, value, SERVICE_TIMEOUT_MS);
    this.#terminal.begin(title, drawn.length, this.#options.episodeSeconds);
    const outcomes: EpisodeOutcome[] = [];
    for (const [index, episode] of drawn.entries()) {
      const outcome = await runEpisode(
        {
          ...setting,
          client,
          lockstep: this.#options.lockstep,
          limitS: this.#options.episodeSeconds,
          recorded: policy === 'planner' && this.#options.animationFile !== null,
          onVerdict: (verdict) => {
            this.#terminal.progress(index, verdict);
          },
        },
        episode,
      );
      outcomes.push(outcome);
      const figures = policy === 'planner' ? this.#figures : null;
      const goal =
        episode.object?.goal.xyz.slice(0, 2) ??
        robot.fingertipOf(episode.goalRad).slice(0, robot.isLevel ? 2 : 3);
      this.#terminal.episode(title, index, drawn.length, outcome, goal, {
        planRateHz: figures?.latest('plan_rate_hz') ?? null,
        frameToCommandMs: figures?.latest('frame_to_command_ms') ?? null,
      });
    }
    if (name !== undefined) await client.setParameter(name, before, SERVICE_TIMEOUT_MS);
    if (policy === 'doNothing') await client.pause(false, SERVICE_TIMEOUT_MS);
    return outcomes;
  }
}

/** An episode as the report has it. */
function writtenEpisode(
  { success, finalDistanceM, holdReason, failure, timeS }: EpisodeOutcome,
  { startRad, goalRad, object }: EpisodeTask,
): DemoReport['episodes'][number] {
  return {
    success,
    finalDistanceM,
    holdReason,
    ...(failure !== '' && { failure }),
    timeS,
    startRad: [...startRad],
    goalRad: [...goalRad],
    ...(object !== undefined && {
      object: { name: object.name, startM: [...object.start.xyz], goalM: [...object.goal.xyz] },
    }),
  };
}

function rateOf(outcomes: readonly EpisodeOutcome[]): BaselineReport {
  const successes = outcomes.filter(({ success }) => success).length;
  return {
    successRate: successes / outcomes.length,
    successInterval95: wilsonInterval(successes, outcomes.length),
  };
}

/** Median time to success [s]; null where no episode succeeded. */
function medianTimeOf(outcomes: readonly EpisodeOutcome[]): number | null {
  const times = outcomes.filter(({ success }) => success).map(({ timeS }) => timeS);
  return times.length === 0 ? null : percentile(times, 0.5);
}

/** What the contact sheet is of. */
function sheetTitle({ robot, model, task, successRate, episodes }: DemoReport): string {
  const reached = Math.round(successRate * episodes.length);
  return `${robot.name}, model ${model.name}, task ${task.name}: ${reached} of ${episodes.length}`;
}

/** An audit without a single command would report no violations, which would mean nothing. */
function nothingAudited(): JepaMpcError {
  return new JepaMpcError('planner.not-ready', {
    subject: 'topic joint_trajectory',
    found: 'no command in the whole run',
    expected: 'the command stream of the planner node',
    remedy: 'Leave command.interface at joint_trajectory for the demo.',
  });
}

function interrupted(signal: string): JepaMpcError {
  return new JepaMpcError('demo.interrupted', {
    subject: 'demo',
    found: signal,
    expected: 'to run to the end',
    remedy: 'All its processes have been stopped; no report was written.',
  });
}
