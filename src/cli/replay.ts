import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import type { Logger } from '../core/types.js';
import type { DeviceChoice } from '../model/devices.js';
import { gatherOwnParameters, readParameterFile } from '../params/given-parameters.js';
import type { RosArguments } from '../params/ros-arguments.js';
import { readRecording } from '../recording/read-recording.js';
import { replayPage } from '../recording/replay-page.js';
import { summaryLines } from '../recording/what-if.js';
import { differenceText, NOTHING_CHANGED, type WhatIf } from '../recording/what-if-view.js';
import { belongsToRos } from '../ros/parameters/parameter-types.js';
import { loadParameters } from '../worker/planner-port.js';
import { compareWithRecording, type Comparison } from './replay-comparison.js';

interface Flags {
  readonly model?: string;
  readonly otherModel: boolean;
  readonly device?: DeviceChoice;
  readonly profile?: string;
  readonly param: readonly string[];
  readonly json?: string;
  readonly html?: string;
}

/** Node that a profile is read for, unless the recording says which. */
const DEFAULT_NODE = '/planner_node';

function appendAssignment(text: string, before: readonly string[]): string[] {
  if (!/^[A-Za-z_][\w.]*=.*$/s.test(text)) {
    throw new InvalidArgumentError(`Found '${text}', expected name=value, for example sampling.samples=200.`);
  }
  return [...before, text];
}

/** `replay`: makes the plans of a recording again. */
export function replayCommand(): Command {
  return new Command('replay')
    .description(
      'Make the plans of a recording again, from what the planner was given. Status 0 when every plan is the same bit by bit, else 1 and the first difference. With --profile or --param: what would have been planned with other parameters.',
    )
    .argument('<file>', 'the recording, an .mcap file')
    .option('--model <dir>', 'folder of the model, if it is not where it was')
    .option('--other-model', 'plan with a model of another content than the recorded one', false)
    .addOption(
      new Option('--device <name>', 'where it runs (default: where it ran)').choices(
        loadParameters.device.choices ?? [],
      ),
    )
    .option('--profile <file>', 'plan with the parameters in this file instead of the recorded ones')
    .option('--param <name=value>', 'plan with this parameter; repeatable', appendAssignment, [])
    .option('--json <file>', 'where to write what was compared')
    .option('--html <file>', 'with other parameters: where to write a page with a time slider')
    .action(async (path: string, flags: Flags) => {
      process.exitCode = await perform(path, flags);
    });
}

/** Lines of the planner go to stderr. */
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (text) => {
    console.error(text);
  },
  error: (text) => {
    console.error(text);
  },
};

/** @returns exit status */
async function perform(path: string, flags: Flags): Promise<number> {
  const isWhatIf = flags.profile !== undefined || flags.param.length > 0;
  if (flags.html !== undefined && !isWhatIf) throw nothingToDraw(flags.html);
  await requireWritable('--json', flags.json);
  await requireWritable('--html', flags.html);
  const comparison = await compareWithRecording({
    path,
    ...(flags.model !== undefined && { model: flags.model }),
    ...(flags.device && { device: flags.device }),
    acceptsOtherModel: flags.otherModel,
    given: isWhatIf ? await givenValues(path, flags) : null,
    keepsMoments: isWhatIf,
    log,
  });
  const { report, summary, model } = comparison;
  const { facts } = summary;
  console.log(
    `${path}: recorded ${facts.get('started') ?? ''} by ${facts.get('node') ?? 'a node'} ${facts.get('node_version') ?? ''}; model ${model?.name ?? ''} on ${model?.device ?? ''}`,
  );
  for (const note of report.notes) console.log(note);
  return isWhatIf ? reportWhatIf(report, flags) : reportIdentity(comparison, flags);
}

async function reportIdentity({ report, summary, model }: Comparison, { json }: Flags): Promise<number> {
  const { compared, identical, firstDifference } = report;
  if (json !== undefined) {
    const content = {
      recording: report.recording,
      model: { name: model?.name, sha256: model?.sha256, device: model?.device },
      plans: compared,
      identical,
      firstDifference,
      leftOut: Object.fromEntries(summary.leftOut),
      cut: summary.end?.cut ?? null,
    };
    await writeFile(json, `${JSON.stringify(content, null, 2)}\n`);
  }
  if (firstDifference !== null) console.log(`first difference: ${differenceText(firstDifference)}`);
  console.log(`${String(identical)} of ${String(compared)} plans identical`);
  return firstDifference === null ? 0 : 1;
}

async function reportWhatIf(report: WhatIf, { json, html }: Flags): Promise<number> {
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  if (html !== undefined) await writeFile(html, replayPage(report));
  const changes = Object.entries(report.changed);
  console.log(
    changes.length === 0 ? NOTHING_CHANGED : changes.map(([name, change]) => `${name}: ${change}`).join('\n'),
  );
  for (const line of summaryLines(report)) console.log(line);
  console.log(`${String(report.compared)} plans made again`);
  return 0;
}

/**
 * The values that replace the recorded ones. A profile is for the recorded node alone: it has no names that the node does not declare.
 *
 * @throws JepaMpcError `params.invalid`, `recording.unreadable`
 */
async function givenValues(
  path: string,
  { profile, param }: Flags,
): Promise<Readonly<Record<string, unknown>>> {
  const parameters: RosArguments['parameters'] = [
    ...(profile === undefined ? [] : [{ kind: 'file' as const, path: profile }]),
    ...param.map((text) => {
      const [name = ''] = text.split('=', 1);
      return { kind: 'value' as const, node: '/**', name, value: text.slice(name.length + 1) };
    }),
  ];
  const given = { parameters, fullName: await recordedNode(path), others: [] };
  return gatherOwnParameters(
    given,
    `--profile ${profile ?? ''}`,
    (file) => readParameterFile(file, '--profile'),
    belongsToRos,
  );
}

/** Full name of the node that made a recording, whose part of a profile counts. */
async function recordedNode(path: string): Promise<string> {
  for await (const item of readRecording(path)) {
    const node = item.kind === 'metadata' ? item.facts.get('node') : undefined;
    if (node !== undefined) return node;
    if (item.kind === 'message') break;
  }
  return DEFAULT_NODE;
}

/** @throws JepaMpcError `params.invalid` where a file cannot be written: better before a replay than after it */
async function requireWritable(option: string, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const folder = dirname(file);
  try {
    await access(folder, constants.W_OK);
    const found = await stat(file).catch(() => null);
    if (found?.isDirectory() === true) throw new Error(`${file} is a folder`);
  } catch (error) {
    throw new JepaMpcError('params.invalid', {
      subject: `${option} ${file}`,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file in a folder that is there and may be written to',
      remedy: `Make the folder ${folder}, or name another file.`,
      cause: error,
    });
  }
}

function nothingToDraw(file: string): JepaMpcError {
  return new JepaMpcError('params.invalid', {
    subject: `--html ${file}`,
    found: 'no other parameters',
    expected: 'a replay that compares two ways to plan',
    remedy: 'Give --profile or --param, or leave --html out.',
  });
}
