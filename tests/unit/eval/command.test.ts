import { describe, expect, it } from 'vitest';
import { demoCommand } from '../../../eval/demo/command.js';

/** What the demo's command line refuses before anything is started. */
function parsed(...args: string[]): Promise<unknown> {
  const command = demoCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return command.parseAsync(args, { from: 'user' });
}

describe('the command line of the demo', () => {
  it('refuses a slow planner in lockstep, where simulated time would wait for it', async () => {
    await expect(parsed('--lockstep', '--imperfect', 'plan-delay-ms=1000')).rejects.toMatchObject({
      code: 'params.invalid',
      facts: {
        subject: '--imperfect plan-delay-ms=1000',
        found: expect.stringContaining('--lockstep') as string,
      },
    });
  });

  it.each(['0', '0.4', '3601', '-1', 'six', '1e9', ''])('refuses episodes of %s seconds', async (text) => {
    await expect(parsed(`--episode-seconds=${text}`)).rejects.toThrow(
      /expected a number of seconds from 0.5 to 3600/,
    );
  });

  it.each(['plan-delay=1000', 'camera-delay-ms', 'camera-delay-ms=soon', 'camera_delay_ms=3'])(
    'refuses the imperfection %s and names those there are',
    async (text) => {
      await expect(parsed('--imperfect', text)).rejects.toThrow(
        /expected name=number with one of .*camera-delay-ms, camera-jitter-ms, joint-delay-ms, joint-jitter-ms, plan-delay-ms/,
      );
    },
  );

  it('refuses a port of a live page that is not asked for, and one that there is not', async () => {
    await expect(parsed('--port', '9000')).rejects.toMatchObject({
      code: 'params.invalid',
      facts: { subject: '--port 9000', found: expect.stringContaining('--dashboard') as string },
    });
    await expect(parsed('--dashboard', '--port', '65536')).rejects.toThrow(/expected a number from 0/);
  });

  it.each(['-1', 'fast', '1001', ''])('refuses an acceleration limit of %s', async (text) => {
    await expect(parsed(`--default-acceleration=${text}`)).rejects.toThrow(
      /expected a number from 0 to 1000/,
    );
  });

  it('refuses an animation in a format other than WebP', async () => {
    await expect(parsed('--animation', 'demo.gif')).rejects.toThrow(/'demo.gif', expected .* \.webp/);
  });
});
