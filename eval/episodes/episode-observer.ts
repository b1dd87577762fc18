import type { ImageFrame, JointReading } from '../../src/core/types.js';
import type { DemoListener } from '../ros/demo-client.js';
import type { CommandPoint } from '../ros/demo-messages.js';
import type { CommandAudit } from './command-audit.js';
import type { EpisodeJudge, Verdict } from './episode-judge.js';
import type { PlannerFigures } from './planner-figures.js';

/** An episode under way, as its observer needs it. */
export interface ObservedEpisode {
  readonly judge: EpisodeJudge;
  /** Frames from here on show the episode. */
  readonly startNs: bigint;
  /** Whether the planner's speed counts for the report (not while a baseline runs). */
  readonly measured: boolean;
  readonly onVerdict: (verdict: Verdict) => void;
}

/**
 * Listens to everything between the nodes and, while an episode runs, judges the true state, audits every command and keeps the figures.
 * Between episodes the robot is teleported: what passes then counts for nothing.
 */
export class EpisodeObserver implements DemoListener {
  readonly #audit: CommandAudit;
  readonly #figures: PlannerFigures;
  #episode: ObservedEpisode | null = null;
  #firstFrame: ImageFrame | null = null;

  constructor(audit: CommandAudit, figures: PlannerFigures) {
    this.#audit = audit;
    this.#figures = figures;
  }

  /** First frame of the running or last episode. */
  get firstFrame(): ImageFrame | null {
    return this.#firstFrame;
  }

  begin(episode: ObservedEpisode): void {
    this.#firstFrame = null;
    this.#audit.restart();
    this.#episode = episode;
  }

  end(): void {
    this.#episode = null;
  }

  onJoints({ stampNs, position, velocity }: JointReading): void {
    if (this.#episode === null) return;
    const { judge, onVerdict } = this.#episode;
    onVerdict(
      judge.observe({ stampNs, positionRad: Array.from(position), velocityRadS: Array.from(velocity) }),
    );
  }

  onImage(frame: ImageFrame): void {
    if (this.#episode !== null && frame.stampNs >= this.#episode.startNs) this.#firstFrame ??= frame;
  }

  onCommand(points: readonly CommandPoint[]): void {
    if (this.#episode !== null) this.#audit.check(points);
  }

  onStatistics(values: ReadonlyMap<string, string>): void {
    if (this.#episode?.measured === true) this.#figures.add(values);
  }
}
