import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { DemoReport } from '../../../eval/demo/demo-report.js';
import { DemoTerminal, summaryLines } from '../../../eval/demo/terminal.js';
import type { EpisodeOutcome } from '../../../eval/episodes/episode-runner.js';
import { ROOT } from './files.js';

/** The lines that the README shows as the output of the demo. */
const SAMPLE = (/```console\n([^]*?)```/.exec(readFileSync(`${ROOT}README.md`, 'utf8'))?.[1] ?? '').split(
  '\n',
);

const FIGURES: Omit<DemoReport, 'episodes'> = {
  robot: { name: 'reacher', joints: ['shoulder', 'elbow'] },
  task: { name: 'reach', thresholds: { tipM: 0.05 } },
  simulator: 'mujoco',
  imperfections: [],
  seed: 1234,
  mode: 'realtime',
  episodeSeconds: 6,
  successRate: 1,
  successInterval95: [0.839, 1],
  medianTimeS: 1.83,
  baselines: { inverseDynamics: null, random: null, doNothing: null, squaredLatentDistance: null },
  planRateHz: { median: 30.2, p5: 29.6 },
  planMs: { p50: 6.8, p95: 9.7 },
  frameToCommandMs: { p50: 105.7, p95: 108.3 },
  rosThreadGapMs: { p99: 2.5, max: 17.4 },
  limitViolations: 0,
  contacts: null,
  largestAcceleration: 1,
  device: 'cpu',
  model: { name: 'reacher', sha256: 'a'.repeat(64) },
};

describe('the sample output of the README', () => {
  it('has the summary that the demo prints for these figures', () => {
    const episode = {
      success: true,
      finalDistanceM: 0.046,
      holdReason: '',
      timeS: 1,
      startRad: [0],
      goalRad: [0],
    };
    const printed = summaryLines({ ...FIGURES, episodes: Array.from({ length: 20 }, () => episode) });
    const first = SAMPLE.findIndex((line) => line.startsWith('success over'));
    // The last line names the machine.
    expect(SAMPLE.slice(first, first + printed.length - 2)).toEqual(printed.slice(1, -1));
    expect(SAMPLE[first + printed.length - 2]).toMatch(/^ {2}machine {17}/);
    expect(printed.at(-1)).toMatch(/^ {2}machine {17}/);
  });

  it('has the line that the demo prints for such an episode', () => {
    const written: string[] = [];
    const output = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
    const terminal = new DemoTerminal(output as unknown as NodeJS.WriteStream);
    const outcome = {
      success: true,
      finalDistanceM: 0.024,
      timeS: 1.31,
      holdReason: '',
      failure: '',
    } as EpisodeOutcome;
    terminal.episode('planner', 0, 20, outcome, [0.65, -0.24], { planRateHz: 30.4, frameToCommandMs: 108 });
    expect(SAMPLE).toContain(written.join('').trimEnd());
  });
});
