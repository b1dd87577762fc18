import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PACKAGE_ROOT } from './package-root.js';

/** The executable that `ros2 run` starts if the package is installed; in a checkout, the same program from the checkout. */
function productCommand(executable: string, command: string): string[] {
  const installed = join(PACKAGE_ROOT, '..', '..', 'lib', 'jepa_mpc', executable);
  if (existsSync(installed)) return [installed];
  return [process.execPath, fileURLToPath(new URL('../../src/cli/main.js', import.meta.url)), command];
}

export const plannerCommand = (): string[] => productCommand('planner_node', 'node');

export const dashboardCommand = (): string[] => productCommand('dashboard', 'dashboard');
