/**
 * The outcome of one check of `npm test`.
 *
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} skipped names of tests left out, each with its reason
 */

/** @type {Tally} */
export const NOTHING = { passed: 0, failed: 0, skipped: [] };

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sumOf(tallies) {
  return {
    passed: tallies.reduce((sum, tally) => sum + tally.passed, 0),
    failed: tallies.reduce((sum, tally) => sum + tally.failed, 0),
    skipped: tallies.flatMap((tally) => tally.skipped),
  };
}

/**
 * A test runner that ended badly although no test of its report failed (it crashed, or found no tests) counts as one failure.
 *
 * @param {Tally} tally from the runner's report
 * @param {number} status the runner's exit status
 * @returns {Tally}
 */
export function withStatus(tally, status) {
  if (status !== 0 && tally.failed === 0) return { ...tally, failed: 1 };
  if (tally.passed + tally.failed + tally.skipped.length === 0) return { ...tally, failed: 1 };
  return tally;
}

/**
 * Reads the JUnit report that pytest writes.
 *
 * @param {string} xml
 * @returns {Tally}
 */
export function tallyOfJunit(xml) {
  const count = (/** @type {string} */ name) =>
    [...xml.matchAll(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`, 'g'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
  const failed = count('failures') + count('errors');
  const skippedCount = count('skipped');
  const skipped = [
    ...xml.matchAll(/<testcase [^>]*\bname="([^"]*)"[^>]*>\s*<skipped [^>]*\bmessage="([^"]*)"/g),
  ].map(([, name, reason]) => `${name}: ${reason || 'no reason given'}`);
  return { passed: Math.max(0, count('tests') - failed - skippedCount), failed, skipped };
}
