import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { JepaMpcError } from '../../src/core/errors.js';
import { writeValue } from '../../src/core/write-value.js';
import { loadSubject } from '../episodes/subject.js';
import { prepareFiles } from '../output-files.js';
import type { TaskName } from '../episodes/tasks/registry.js';
import { robotArguments, type RobotChoice } from '../robot-choice.js';
import { CASES, SETTINGS, type Setting } from './cases.js';
import { followed, meanOf, type CaseResult } from './provocation.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

export interface GuideCheckOptions extends RobotChoice {
  readonly task: TaskName;
  /** Episodes for each case, before and again after the advice. */
  readonly episodes: number;
  readonly seed: number;
  /** Cases to run; empty: all. */
  readonly rules: readonly string[];
  readonly jsonFile: string | null;
}

/** What a session writes: the cases of a setting, and what the guide says about the node as it is shipped. */
export interface SessionResult {
  readonly results: readonly CaseResult[];
  /** Of cases whose remedy this setting is: their figure in its episodes, by rule. */
  readonly remedied: Readonly<Record<string, readonly number[]>>;
  /** Rules that are named with nothing wrong, and in which share of the windows. */
  readonly shipped: Readonly<Record<string, number>>;
}

/**
 * Provokes every rule of the guide through the real node, follows its advice, and prints the table.
 *
 * @returns whether every rule was named, and following it helped
 * @throws JepaMpcError demo.process-died; before anything is started `model.*`, `urdf.*`
 */
export async function runGuideCheck(
  options: GuideCheckOptions,
  print: (line: string) => void,
): Promise<boolean> {
  await loadSubject(options);
  await prepareFiles([options.jsonFile]);
  const startMs = performance.now();
  const sessions = settingsFor(options.rules).map(
    (setting) => [setting, runSession(options, setting)] as const,
  );
  const remedied = new Map(sessions.flatMap(([, session]) => Object.entries(session.remedied)));
  const results = sessions.flatMap(([, session]) =>
    session.results.map((result) => {
      const after = remedied.get(result.rule);
      // Put right was the setting; no parameter was turned.
      return after === undefined ? result : { ...followed(result, after), turns: [] };
    }),
  );
  for (const line of tableOf(results)) print(line);
  for (const [setting, { shipped }] of sessions) {
    const said = Object.entries(shipped).map(([id, share]) => `${id} (${percent(share)} of windows)`);
    print(`as shipped, ${setting}: ${said.join(', ') || 'nothing stands out'}`);
  }
  const minutes = (performance.now() - startMs) / 60_000;
  print(
    `${String(options.episodes)} episodes each, seed ${String(options.seed)}; ${minutes.toFixed(1)} minutes on ${machine()}`,
  );
  if (options.jsonFile !== null)
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ ...options, machine: machine(), results }, null, 2)}\n`,
    );
  return results.every(({ isNamed, hasHelped }) => isNamed && hasHelped);
}

/** The settings of the chosen cases, and those in which what is wrong with them is put right. */
function settingsFor(rules: readonly string[]): readonly Setting[] {
  const chosen = CASES.filter(({ rule }) => rules.length === 0 || rules.includes(rule));
  const needed = new Set(chosen.flatMap(({ setting, remedy }) => [setting, ...(remedy ? [remedy] : [])]));
  return (Object.keys(SETTINGS) as Setting[]).filter((setting) => needed.has(setting));
}

/** A session with its own processes: ROS cannot be started twice in one. */
function runSession(options: GuideCheckOptions, setting: Setting): SessionResult {
  const { task, episodes, seed, rules } = options;
  const folder = mkdtempSync(join(tmpdir(), 'guide-check-'));
  try {
    const file = join(folder, 'session.json');
    const args = ['guide-check', '--session', setting, '--json', file];
    args.push('--task', task, '--episodes', String(episodes), '--seed', String(seed));
    args.push(...robotArguments(options));
    args.push(...rules.flatMap((rule) => ['--rule', rule]));
    const { status } = spawnSync(process.execPath, [MAIN, ...args], { stdio: 'inherit' });
    if (status !== 0) {
      throw new JepaMpcError('demo.process-died', {
        subject: `session ${setting} of the guide check`,
        found: `exit status ${String(status)}`,
        expected: 'a complete run',
        remedy: 'The reason is above.',
      });
    }
    return JSON.parse(readFileSync(file, 'utf8')) as SessionResult;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tableOf(results: readonly CaseResult[]): readonly string[] {
  return [
    '| rule | provoked by | named in windows | turned | figure | before | after | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...results.map((result) => {
      const { rule, bad, share, turns, figure, before, after, isNamed, hasHelped } = result;
      const by = Object.entries(bad).map(([name, value]) => `\`${name}\` ${writeValue(value)}`);
      const turned =
        turns
          .map(
            ({ parameter, present, suggested }) =>
              `\`${parameter}\` ${writeValue(present)} → ${writeValue(suggested)}`,
          )
          .join(', ') || 'what was wrong with the camera';
      const verdict = !isNamed ? 'not named' : hasHelped ? 'helps' : 'does not help';
      const cells = [
        `\`${rule}\``,
        by.join(', ') || 'frames 300 ms late',
        percent(share),
        turned,
        figure,
        meanOf(before).toPrecision(3),
        meanOf(after).toPrecision(3),
        verdict,
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${processor}, ${availableParallelism()} cores, Node.js ${process.version}`;
}
