import { writeFileSync } from 'node:fs';

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
    let failed = unhandledErrors.length;
    /** @type {string[]} */
    const skipped = [];
    for (const module of modules) {
      // A file that does not load has no tests to fail.
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'skipped' && result.note) skipped.push(`${test.fullName}: ${result.note}`);
        else {
          failed += 1;
          if (result.state === 'skipped')
            process.stdout.write(`skipped without a reason: ${test.fullName}\n`);
        }
      }
    }
    const path = process.env['JEPA_MPC_TALLY'];
    if (path !== undefined) writeFileSync(path, JSON.stringify({ passed, failed, skipped }));
  }
}
