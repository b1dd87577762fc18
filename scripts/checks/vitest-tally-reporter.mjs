import { writeFileSync } from 'node:fs';
import { failureLine } from './tally.mjs';

/**
 * A vitest reporter that writes the run's tally to the file named by JEPA_MPC_TALLY. A skipped test without a reason counts as
 * failed: later, nobody would know whether it may stay skipped.
 */
export default class TallyReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest/node').SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    let passed = 0;
    const failures = unhandledErrors.map(({ message }) => failureLine('outside any test', message));
    /** @type {string[]} */
    const skipped = [];
    for (const module of modules) {
      // A file that does not load has no tests to fail.
      const [problem] = module.errors();
      if (problem !== undefined) failures.push(failureLine(module.relativeModuleId, problem.message));
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'skipped' && result.note) skipped.push(`${test.fullName}: ${result.note}`);
        else {
          const reason =
            result.state === 'skipped' ? 'skipped without a reason' : result.errors?.[0]?.message;
          failures.push(failureLine(test.fullName, reason));
        }
      }
    }
    const path = process.env['JEPA_MPC_TALLY'];
    if (path !== undefined)
      writeFileSync(path, JSON.stringify({ passed, failed: failures.length, failures, skipped }));
  }
}
