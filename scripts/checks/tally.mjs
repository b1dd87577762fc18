import { XMLParser } from 'fast-xml-parser';

/**
 * The outcome of one check of `npm test`.
 *
 * @typedef {object} Tally
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} [failures] names of failed tests, each with the first line of what it says; absent where the runner does not name them
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
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    htmlEntities: true, // line breaks of messages are &#10;
    isArray: (name) => name === 'testsuite' || name === 'testcase',
  });
  /** @type {readonly Record<string, any>[]} */
  const suites = parser.parse(xml).testsuites?.testsuite ?? [];
  const count = (/** @type {string} */ name) =>
    suites.reduce((sum, suite) => sum + Number(suite[name] ?? 0), 0);
  const failed = count('failures') + count('errors');
  const failures = suites
    .flatMap((suite) => suite['testcase'] ?? [])
    .filter((test) => test.failure !== undefined || test.error !== undefined)
    .map(({ classname, name, failure, error }) =>
      failureLine(`${classname}.${name}`, (failure ?? error).message),
    );
  const skipped = suites
    .flatMap((suite) => suite['testcase'] ?? [])
    .filter((test) => test.skipped !== undefined)
    .map(({ name, skipped }) => `${name}: ${reasonOf(skipped) || 'no reason given'}`);
  return { passed: Math.max(0, count('tests') - failed - count('skipped')), failed, failures, skipped };
}

/**
 * @param {string} name
 * @param {string | undefined} message
 */
export function failureLine(name, message) {
  return `${name}: ${message?.trim().split('\n', 1)[0] || 'no reason given'}`;
}

/**
 * Why a test was skipped. Of a file that is skipped as a whole, pytest has the reason in the text: `('a.py', 3, 'Skipped: no display')`.
 *
 * @param {Record<string, string>} skipped element of the report
 * @returns {string | undefined}
 */
function reasonOf({ message, '#text': text = '' }) {
  return message === 'collection skipped' ? /Skipped: (.*)['"]\)$/s.exec(text)?.[1] : message;
}
