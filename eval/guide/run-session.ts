import { writeFileSync } from 'node:fs';

import { JepaMpcError } from '../../src/core/errors.js';
import type { ParameterValue } from '../../src/core/parameter.js';
import { validateParameters } from '../../src/params/validate.js';
import type { DemoClient } from '../ros/demo-client.js';
import { holdDomain } from '../demo/domain-hold.js';
import { DemoSession } from '../demo/demo-session.js';
import { InterruptWatch } from '../demo/interrupt-watch.js';
import type { SessionOptions as DemoOptions } from '../demo/options.js';
import { PACKAGE_ROOT } from '../demo/package-root.js';
import { plannerCommand } from '../demo/product-command.js';
import { SIMULATORS } from '../demo/simulators.js';
import { episodeDrawing, type DrawEpisode } from '../episodes/draw-episode.js';
import { ANSWER_TIMEOUT_MS } from '../episodes/place-robot.js';
import { needsCapture } from '../episodes/prepare-episode.js';
import type { DemoRobot } from '../episodes/robot.js';
import { loadSubject } from '../episodes/subject.js';
import { taskOf, type Task, type TaskName } from '../episodes/tasks/registry.js';
import type { RobotChoice } from '../robot-choice.js';
import { CASES, SETTINGS, type GuideCase, type Setting } from './cases.js';
import { EpisodeNotes, holdEpisode, type HeldEpisode } from './held-episode.js';
import { named, resultOf, type CaseResult, type Named } from './provocation.js';
import type { SessionResult } from './run-guide-check.js';

export interface SessionOptions extends RobotChoice {
  readonly setting: Setting;
  readonly task: TaskName;
  readonly episodes: number;
  readonly seed: number;
  /** Cases to run; empty: all of the setting. */
  readonly rules: readonly string[];
  readonly jsonFile: string;
  readonly verbose: boolean;
}

/** What a session runs with, and the way to its node. */
interface OpenSession {
  readonly client: DemoClient;
  readonly robot: DemoRobot;
  readonly notes: EpisodeNotes;
  readonly task: Task;
  readonly draw: DrawEpisode;
  readonly capturesGoal: boolean;
  readonly options: SessionOptions;
}

/**
 * Runs the cases of one setting and writes what came out.
 *
 * @throws JepaMpcError demo.timeout, demo.process-died, demo.interrupted
 */
export async function runSession(options: SessionOptions, log: (line: string) => void): Promise<void> {
  const subject = await loadSubject(options);
  const { robot } = subject;
  const task = taskOf(options.task, robot);
  const draw = await episodeDrawing(task, subject, { ...options, simulator: SIMULATORS.mujoco.name });
  const notes = new EpisodeNotes();
  const interrupts = new InterruptWatch();
  const release = await holdDomain(process.env['ROS_DOMAIN_ID'] ?? '0');
  const session = await DemoSession.open(SIMULATORS.mujoco, robot, notes, log);
  try {
    interrupts.onInterrupt((signal) => {
      session.client.fail(interrupted(signal));
    });
    await session.start(demoOptions(options), subject, PACKAGE_ROOT);
    const capturesGoal = needsCapture(subject.manifest, task);
    const open = { client: session.client, robot, notes, task, draw, capturesGoal, options };
    writeFileSync(options.jsonFile, JSON.stringify(await runCases(open, log)));
  } finally {
    await session.close();
    interrupts.dispose();
    release();
  }
}

async function runCases(open: OpenSession, log: (line: string) => void): Promise<SessionResult> {
  const { setting, rules } = open.options;
  const isChosen = ({ rule }: GuideCase): boolean => rules.length === 0 || rules.includes(rule);
  const asShipped = await episodesWith(open, {});
  const shipped = named(asShipped, validateParameters({}));
  log(`${setting}, as shipped: ${inWords(shipped)}`);
  const results: CaseResult[] = [];
  for (const one of CASES.filter((each) => isChosen(each) && each.setting === setting)) {
    const before = Object.keys(one.bad).length === 0 ? asShipped : await episodesWith(open, one.bad);
    const said = named(before, validateParameters(one.bad));
    log(`${one.rule}: ${inWords(said)}`);
    const advised = said.advice.get(one.rule)?.turns ?? [];
    const turns = advised.filter(({ parameter }, index) => one.turned?.includes(parameter) ?? index === 0);
    const suggested = turns.map(({ parameter, suggested: value }) => [parameter, value] as const);
    const turned: Record<string, ParameterValue> = { ...one.bad, ...Object.fromEntries(suggested) };
    // Where no parameter helps, the session of another setting has the episodes after the advice.
    const after = one.remedy === undefined ? await episodesWith(open, turned) : [];
    const saidAfter = named(after, validateParameters(turned));
    if (after.length > 0) log(`${one.rule}, advice followed: ${inWords(saidAfter)}`);
    results.push(resultOf(one, before, after, { before: said, after: saidAfter, turns }));
  }
  const remedied = CASES.filter(({ remedy }) => remedy === setting).map(
    ({ rule, figure }) => [rule, asShipped.map(figure.of)] as const,
  );
  return {
    results,
    remedied: Object.fromEntries(remedied),
    shipped: Object.fromEntries(shipped.shares),
  };
}

/** Episodes of the session's seed with these parameters, which are put back afterwards. */
async function episodesWith(
  { client, robot, notes, task, draw, capturesGoal, options }: OpenSession,
  parameters: Readonly<Record<string, ParameterValue>>,
): Promise<readonly HeldEpisode[]> {
  const defaults = validateParameters({});
  const { lockstep } = SETTINGS[options.setting];
  await client.setParameters(parameters, ANSWER_TIMEOUT_MS);
  const episodes: HeldEpisode[] = [];
  for (let episode = 0; episode < options.episodes; episode++) {
    const drawn = draw(options.seed, episode);
    episodes.push(await holdEpisode(client, robot, notes, drawn, { task, lockstep, capturesGoal }));
  }
  const before = Object.keys(parameters).map(
    (name) => [name, defaults[name as keyof typeof defaults]] as const,
  );
  await client.setParameters(Object.fromEntries(before), ANSWER_TIMEOUT_MS);
  return episodes;
}

function inWords({ shares, advice }: Named): string {
  const said = [...shares].map(
    ([id, share]) => `${id} ${(100 * share).toFixed(0)} % (${advice.get(id)?.says ?? ''})`,
  );
  return said.join('; ') || 'nothing stands out';
}

function demoOptions(options: SessionOptions): DemoOptions {
  const { lockstep, imperfections } = SETTINGS[options.setting];
  return {
    ...options,
    simulator: SIMULATORS.mujoco,
    imperfections,
    lockstep,
    headless: true,
    recordingFile: null,
    plannerParameters: [],
    plannerCommand: plannerCommand(),
    dashboardCommand: null,
  };
}

function interrupted(signal: string): JepaMpcError {
  return new JepaMpcError('demo.interrupted', {
    subject: 'guide check',
    found: signal,
    expected: 'to run to the end',
    remedy: 'All its processes have been stopped.',
  });
}
