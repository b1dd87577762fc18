/**
 * Sets the checkout up and runs a task in it: `node scripts/bootstrap.mjs <task> [arguments]`. It has to work before anything is
 * installed: Node.js built-ins only.
 */
import { TASKS, taskNamed } from './setup/tasks.mjs';
import { SetupError } from './setup/setup-error.mjs';
import { endRunningCommand } from './setup/run-command.mjs';

const [name = '', ...args] = process.argv.slice(2);

let settingUp = true;
for (const [signal, status] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.on(signal, () => {
    if (!settingUp) return; // the supervisor passes it on
    endRunningCommand();
    process.stderr.write('\nset-up interrupted: run the same command again and it goes on where it was\n');
    process.exit(status);
  });
}

try {
  const task = taskNamed(name);
  if (task === undefined) {
    throw new SetupError('setup.unknown-task', `there is no task "${name}"`, {
      expected: Object.keys(TASKS).join(', '),
    });
  }
  const run = await task.prepare(args, process.env);
  settingUp = false;
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(
    `${error instanceof SetupError ? error.explain() : String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
