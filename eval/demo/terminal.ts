import { cpus } from 'node:os';
import { Presets, SingleBar } from 'cli-progress';
import type { DemoReport } from './demo-report.js';
import { SIMULATORS } from './simulators.js';
import type { EpisodeOutcome } from '../episodes/episode-runner.js';
import type { Subject } from '../episodes/subject.js';
import type { Task } from '../episodes/tasks/registry.js';
import type { Verdict } from '../episodes/episode-judge.js';
import { CONTACT_KINDS } from '../ros/contact-messages.js';

const TICKS_PER_EPISODE = 100;

/** Current speed figures, null before the first plan. */
export interface CurrentSpeed {
  readonly planRateHz: number | null;
  readonly frameToCommandMs: number | null;
}

interface BarTexts {
  readonly title: string;
  readonly now: string;
}

/** Output of a running demo: plain lines and, on a terminal, a progress bar below them. */
export class DemoTerminal {
  readonly #output: NodeJS.WriteStream;
  readonly #bar: SingleBar | null;
  /** State of the bar; null while it is not shown. */
  #shown: {
    readonly total: number;
    readonly value: number;
    readonly limitS: number;
    readonly texts: BarTexts;
  } | null = null;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
    this.#bar = output.isTTY
      ? new SingleBar(
          {
            stream: output,
            format: ' {bar} {title}  {now}',
            clearOnComplete: true,
            hideCursor: true,
            // InterruptWatch handles the signals.
            gracefulExit: false,
          },
          Presets.shades_classic,
        )
      : null;
  }

  /** Prints one line, above the bar. */
  line(text: string): void {
    if (this.#shown !== null) this.#bar?.stop();
    this.#output.write(`${text}\n`);
    if (this.#shown !== null) this.#bar?.start(this.#shown.total, this.#shown.value, this.#shown.texts);
  }

  /** Starts the progress of a run over the episodes, each of at most `limitS`. */
  begin(title: string, episodes: number, limitS: number): void {
    this.end();
    this.#shown = { total: episodes * TICKS_PER_EPISODE, value: 0, limitS, texts: { title, now: '' } };
    this.#bar?.start(this.#shown.total, 0, this.#shown.texts);
  }

  /** Updates the progress of the running episode (0-based). */
  progress(episode: number, { timeS, distanceM: distance }: Verdict): void {
    const now = `episode ${episode + 1}, ${timeS.toFixed(1)} s, ${distance.toFixed(3)} m to go`;
    if (this.#shown === null) return;
    const { total, limitS, texts } = this.#shown;
    const part = Math.floor((timeS / limitS) * TICKS_PER_EPISODE);
    this.#shown = { total, limitS, value: episode * TICKS_PER_EPISODE + part, texts: { ...texts, now } };
    this.#bar?.update(this.#shown.value, this.#shown.texts);
  }

  /** Prints one line for a finished episode (0-based). @param goalM coordinates of the goal to show [m] */
  episode(
    title: string,
    episode: number,
    episodes: number,
    outcome: EpisodeOutcome,
    goalM: readonly number[],
    speed: CurrentSpeed,
  ): void {
    const goal = goalM.map((value) => value.toFixed(2).padStart(5)).join(', ');
    const result = outcome.success ? `reached in ${outcome.timeS.toFixed(2)} s` : 'not reached    ';
    const rate = speed.planRateHz === null ? '' : `  ${speed.planRateHz.toFixed(1)} plans/s`;
    const latency =
      speed.frameToCommandMs === null ? '' : `  frame to command ${speed.frameToCommandMs.toFixed(0)} ms`;
    const ordinal = String(episode + 1).padStart(String(episodes).length);
    const held = outcome.holdReason === '' ? '' : `  held: ${outcome.holdReason}`;
    const failed = outcome.failure === '' ? '' : `  failed: ${outcome.failure}`;
    this.line(
      `${title}  ${ordinal}/${episodes}  goal (${goal}) m  distance ${outcome.finalDistanceM.toFixed(3)} m  ${result}${rate}${latency}${held}${failed}`,
    );
  }

  /** Removes the bar. */
  end(): void {
    if (this.#shown !== null) this.#bar?.stop();
    this.#shown = null;
  }
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

/** What a run runs with, before it starts. */
export function subjectLines({ robot, model }: Subject, { name, inWords }: Task): string[] {
  const held = robot.held.length === 0 ? '' : `, held: ${robot.held.join(', ')}`;
  return [
    `robot ${robot.name}: ${robot.joints.join(', ')}${held}; model ${model.name}`,
    `task ${name}: ${inWords}`,
  ];
}

/** How often the robot touched itself and what is around it: a pair counts once an episode. */
function contactsInWords({ contacts, simulator }: Pick<DemoReport, 'contacts' | 'simulator'>): string {
  if (contacts === null) {
    const { title, reportsContacts } = SIMULATORS[simulator];
    return reportsContacts
      ? 'not counted: no link that moves has a collision shape'
      : `not counted: ${title} does not report them`;
  }
  const [own = 0, around = 0] = CONTACT_KINDS.map((kind) =>
    contacts.filter((pair) => pair.kind === kind).reduce((sum, { episodes }) => sum + episodes, 0),
  );
  const which = contacts.map(({ names: [first, second] }) => `${first} and ${second}`).join(', ');
  return `${own} self-collisions, ${around} with the surroundings${which === '' ? '' : `: ${which}`}`;
}

/** The summary at the end of a run. */
export function summaryLines(report: DemoReport): string[] {
  const { baselines, planRateHz, planMs, frameToCommandMs, rosThreadGapMs } = report;
  const rows = [
    ['planner', report],
    ...(baselines.inverseDynamics === null
      ? []
      : ([['inverse dynamics alone', baselines.inverseDynamics]] as const)),
    ['random actions', baselines.random],
    ['do nothing', baselines.doNothing],
    ['squared latent distance', baselines.squaredLatentDistance],
  ] as const;
  const rates = rows.map(([name, result]) => {
    const text =
      result === null
        ? 'not run'
        : `${percent(result.successRate).padStart(7)}   95 % interval ${result.successInterval95.map(percent).join(' to ')}`;
    return `  ${name.padEnd(24)}${text}`;
  });
  const reached = report.episodes.filter(({ success }) => success).length;
  const [cpu] = cpus();
  return [
    '',
    `success over ${report.episodes.length} episodes (${[report.simulator, ...report.imperfections].join(', ')}, seed ${report.seed}, ${report.mode}, ${report.robot.name}, model ${report.model.name}, task ${report.task.name})`,
    ...rates,
    '',
    `  median time to goal     ${report.medianTimeS === null ? 'none reached' : `${report.medianTimeS.toFixed(2)} s over ${reached} reached`}`,
    `  plans                   ${planRateHz.median.toFixed(1)} a second (5 % below ${planRateHz.p5.toFixed(1)}), ` +
      `${planMs.p50.toFixed(1)} ms each (95 % below ${planMs.p95.toFixed(1)}) on ${report.device}`,
    `  frame to command        ${frameToCommandMs.p50.toFixed(1)} ms (95 % below ${frameToCommandMs.p95.toFixed(1)})`,
    `  gaps of the ROS thread  99 % below ${rosThreadGapMs.p99.toFixed(1)} ms, longest ${rosThreadGapMs.max.toFixed(1)} ms`,
    `  limit violations        ${report.limitViolations}`,
    `  contacts                ${contactsInWords(report)}`,
    `  largest acceleration    ${percent(report.largestAcceleration)} of the limit, between two commands`,
    `  machine                 ${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores`,
  ];
}
