import { writeFile } from 'node:fs/promises';

import { Command, Option } from 'commander';

import { JepaMpcError } from '../core/errors.js';
import type { Logger } from '../core/types.js';
import type { DeviceChoice } from '../model/devices.js';
import { loadParameters } from '../worker/planner-port.js';

interface Flags {
  readonly device: DeviceChoice;
  readonly json?: string;
}

/** `model`: commands for a model folder, without a robot. */
export function modelCommand(): Command {
  return new Command('model').description('Look at a model folder.').addCommand(checkCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description(
      'Hold a model folder against the contract on a device, plan with it, and say what it is: status 0 when everything holds, else 1 and what does not.',
    )
    .argument('<dir>', 'folder of the model')
    .addOption(
      new Option('--device <name>', 'where it runs')
        .choices(loadParameters.device.choices ?? [])
        .default('auto'),
    )
    .option('--json <file>', 'where to write the same facts')
    .action(async (folder: string, { device, json }: Flags) => {
      const { lines, report, holds } = await outcome(folder, device);
      for (const line of lines) console.log(line);
      if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
      if (!holds) process.exitCode = 1;
    });
}

interface Outcome {
  readonly holds: boolean;
  readonly lines: readonly string[];
  /** For `--json`. */
  readonly report: object;
}

async function outcome(folder: string, device: DeviceChoice): Promise<Outcome> {
  // Imported here because they load ONNX Runtime, which other commands do not need.
  const { checkModel } = await import('../model-check/check-model.js');
  const { cardLines } = await import('../model-check/model-card.js');
  const warnings: string[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: (text) => {
      console.error(text);
    },
    warn: (text) => {
      warnings.push(text);
      console.error(text);
    },
    error: (text) => {
      console.error(text);
    },
  };
  try {
    const card = await checkModel(folder, device, logger);
    const lines = [...cardLines(card), '', 'everything holds'];
    return { holds: true, lines, report: { holds: true, folder, warnings, ...card } };
  } catch (error) {
    if (!(error instanceof JepaMpcError)) throw error;
    const { subject, found, expected, remedy } = error.facts;
    const lines = [
      `${folder} does not hold on device ${device}: ${error.code}`,
      `  what      ${subject}`,
      `  found     ${found}`,
      `  expected  ${expected}`,
      `  remedy    ${remedy}`,
    ];
    const facts = { code: error.code, subject, found, expected, remedy };
    return { holds: false, lines, report: { holds: false, folder, device, warnings, error: facts } };
  }
}
