import { Command, InvalidArgumentError } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import { writeValue } from '../core/write-value.js';
import { advise, type Advice } from '../guide/guide.js';
import type { GuideWindow } from '../guide/window.js';
import { parameterInfos } from '../params/schema.js';
import { requireRosEnvironment } from './ros-environment.js';

/** Longer than anybody waits for. */
const MAX_SECONDS = 3600;

interface Flags {
  readonly node: string;
  readonly seconds: number;
  readonly json: boolean;
}

function seconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= MAX_SECONDS) return value;
  throw new InvalidArgumentError(
    `Found '${text}', expected a number of seconds above 0, at most ${MAX_SECONDS}.`,
  );
}

function nodeName(text: string): string {
  if (/^(\/[A-Za-z_]\w*)+$/.test(text)) return text;
  throw new InvalidArgumentError(`Found '${text}', expected a full name such as /planner_node.`);
}

/** `guide`: what limits the plans of a running node, and which parameter to turn. */
export function guideCommand(): Command {
  return new Command('guide')
    .description('Say what limits the plans of a running node, and which parameter to turn.')
    .option('--node <name>', 'full name of the planner node', nodeName, '/planner_node')
    .option('--seconds <s>', 'how long to look at its statistics', seconds, 10)
    .option('--json', 'print the advice as JSON', false)
    .action(async ({ node, seconds: duration, json }: Flags) => {
      requireRosEnvironment();
      const { observeNode } = await import('../ros/observer/observe-node.js');
      const parameters = parameterInfos.map(({ name }) => name);
      const window = await observeNode({ node, seconds: duration, parameters });
      requirePlans(window, node, duration);
      const advice = advise(window);
      if (json) console.log(JSON.stringify(advice, null, 2));
      else for (const line of inWords(advice, window, node)) console.log(line);
    });
}

function requirePlans({ plans, parts }: GuideWindow, node: string, duration: number): void {
  if (plans.length > 0) return;
  const { message } = parts['motion'] ?? parts['planner'] ?? { message: 'nothing on /diagnostics either' };
  throw new JepaMpcError('planner.not-ready', {
    subject: `${node}/statistics`,
    found: `no plan within ${String(duration)} s (${message || 'the node reports no reason'})`,
    expected: 'an active node with a goal',
    remedy: `Activate it and give it a goal, then ask again; ros2 topic echo /diagnostics says what is missing.`,
  });
}

function inWords(advice: readonly Advice[], { plans }: GuideWindow, node: string): readonly string[] {
  const header = `${node}: ${String(plans.length)} plans`;
  if (advice.length === 0) return [`${header}; nothing stands out`];
  return [
    header,
    ...advice.flatMap(({ id, says, turns, besides, why, page }) => [
      '',
      `${id}: ${says}`,
      ...turns.map(({ parameter, direction, present, suggested }) => {
        const to = `ros2 param set ${node} ${parameter} ${writeValue(suggested)}`;
        return `  ${direction} ${parameter}: ${writeValue(present)} now; ${to}`;
      }),
      ...(besides === '' ? [] : [`  ${besides}`]),
      `  why: ${why} (docs/${page})`,
    ]),
  ];
}
