import { spawnSync } from 'node:child_process';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command } from 'commander';
import { guideCheckCommand } from '../../../eval/guide/command.js';
import { robustnessCommand } from '../../../eval/robustness/command.js';

/** The runs that a command starts in processes of their own end at once, without a result. */
vi.mock('node:child_process', async (original) => ({
  ...(await original<typeof import('node:child_process')>()),
  spawnSync: vi.fn(() => ({ status: 1, stderr: 'ended' })),
}));

const COMMANDS = [
  ['robustness', robustnessCommand],
  ['guide-check', guideCheckCommand],
] as const;

/** Runs a command until its first run fails; returns the arguments of that run. */
async function argumentsOf(create: () => Command, ...given: string[]): Promise<readonly string[]> {
  await expect(create().parseAsync(given, { from: 'user' })).rejects.toMatchObject({
    code: 'demo.process-died',
  });
  return vi.mocked(spawnSync).mock.calls[0]?.[1] ?? [];
}

beforeEach(() => {
  vi.mocked(spawnSync).mockClear();
});

describe.each(COMMANDS)('the task of %s', (_, create) => {
  it.each([
    [['--task', 'pose'], 'pose'],
    [[], 'reach'],
  ])('with %j is that of its runs', async (given, task) => {
    const args = await argumentsOf(create, ...given);
    expect(args[args.indexOf('--task') + 1]).toBe(task);
  });

  it('is one that there is', async () => {
    const command = create()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined });
    await expect(command.parseAsync(['--task', 'stack'], { from: 'user' })).rejects.toThrow(
      /Allowed choices are reach, pose/,
    );
    expect(spawnSync).not.toHaveBeenCalled();
  });
});
