import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

import { JepaMpcError } from '../../src/core/errors.js';
import { PACKAGE_ROOT } from '../demo/package-root.js';
import { throughSetUp } from '../set-up.js';
import { comparisonLines, refusesMore, verdictOfNode, type Comparison, type Verdict } from './verdicts.js';

interface Flags {
  readonly defaultAcceleration: number;
  readonly defaultAccelerationM: number;
  readonly refusals: boolean;
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`Found '${text}', expected a number above 0.`);
}

/** The `urdfs` command: which URDFs of a folder the node reads, and which of those simulators and training read. */
export function urdfsCommand(): Command {
  return new Command('urdfs')
    .description(
      'Read every URDF of a folder with the node and with the training code, and print how many each accepts; status 0 if training refuses nothing that the node accepts.',
    )
    .argument('<folder>', 'folder with .urdf files, at any depth')
    .option('--default-acceleration <rad/s²>', 'for joints that turn, where a URDF has none', positive, 10)
    .option('--default-acceleration-m <m/s²>', 'for prismatic joints', positive, 1)
    .option('--refusals', 'print every refusal of the training code', false)
    .action(async (folder: string, flags: Flags) => {
      const status = await throughSetUp('urdfs');
      process.exitCode = status ?? printComparison(folder, flags);
    });
}

function printComparison(folder: string, flags: Flags): number {
  const files = (existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [])
    .filter((file) => file.endsWith('.urdf'))
    .sort();
  if (files.length === 0) {
    throw new JepaMpcError('params.invalid', {
      subject: `folder ${folder}`,
      found: 'no file that ends in .urdf',
      expected: 'URDFs, at any depth',
      remedy: 'Check its path, and expand xacro files first: xacro arm.urdf.xacro > arm.urdf.',
    });
  }
  const paths = files.map((file) => join(folder, file));
  const training = verdictsOfTraining(paths, flags);
  const options = { acceleration: flags.defaultAcceleration, accelerationM: flags.defaultAccelerationM };
  const comparisons = paths.map((path, index): Comparison => {
    const byTraining = training[index] ?? { error: 'no verdict', moves: null };
    return {
      file: files[index] ?? path,
      node: verdictOfNode(readFileSync(path, 'utf8'), options),
      training: byTraining,
    };
  });
  for (const line of comparisonLines(comparisons)) console.log(line);
  if (flags.refusals) {
    for (const { file, training: verdict } of comparisons)
      if (verdict.error !== null) console.log(`\n${file}\n  ${verdict.error}`);
  }
  const refused = comparisons.filter(refusesMore);
  for (const { file, node, training: other } of refused) {
    console.log(`\n${file}: the node accepts more than the training code`);
    console.log(`  node: ${node.error ?? 'accepted'}`);
    console.log(`  training: ${other.error ?? 'accepted'}`);
  }
  return refused.length === 0 ? 0 : 1;
}

/** The verdicts of the code that simulators and training share, for each path. */
function verdictsOfTraining(paths: readonly string[], flags: Flags): Verdict[] {
  const { JEPA_MPC_PYTHON = 'python3', PYTHONPATH } = process.env;
  const packages = [join(PACKAGE_ROOT, 'sim', 'common'), ...(PYTHONPATH === undefined ? [] : [PYTHONPATH])];
  const output = execFileSync(
    JEPA_MPC_PYTHON,
    [
      ...['-m', 'jepa_mpc_sim.read_urdfs'],
      ...['--default-acceleration', String(flags.defaultAcceleration)],
      ...['--default-acceleration-m', String(flags.defaultAccelerationM)],
    ],
    {
      input: paths.map((path) => `${path}\n`).join(''),
      encoding: 'utf8',
      env: { ...process.env, PYTHONPATH: packages.join(delimiter) },
      maxBuffer: 256 * 1024 * 1024,
    },
  );
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
}
