import { describe, expect, test } from 'vitest';
import { sumOf, tallyOfJunit, withStatus } from '../../../scripts/checks/tally.mjs';

const JUNIT = `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="9" time="0.1">
<testcase classname="a" name="test_window" time="0.0"><skipped type="pytest.skip" message="no display here">a.py:3: no display here</skipped></testcase>
<testcase classname="tests.test_a" name="test_sum" time="0.1"><failure message="AssertionError: 1 is not 2&#10;more">trace</failure></testcase>
</testsuite></testsuites>`;

describe('counting tests', () => {
  test('a pytest report', () => {
    expect(tallyOfJunit(JUNIT)).toEqual({
      passed: 5,
      failed: 3,
      failures: ['tests.test_a.test_sum: AssertionError: 1 is not 2'],
      skipped: ['test_window: no display here'],
    });
  });

  test('a pytest file that is skipped as a whole, with its reason', () => {
    const whole = `<testsuites><testsuite errors="0" failures="0" skipped="1" tests="1">
<testcase classname="" name="tests.test_ros"><skipped type="pytest.skip" message="collection skipped">('tests/test_ros.py', 3, "Skipped: needs a sourced ROS 2")</skipped></testcase>
</testsuite></testsuites>`;
    expect(tallyOfJunit(whole).skipped).toEqual(['tests.test_ros: needs a sourced ROS 2']);
  });

  test('a runner that crashed after its last good test has failed', () => {
    expect(withStatus({ passed: 5, failed: 0, skipped: [] }, 139).failed).toBe(1);
  });

  test('a runner that found no tests has failed', () => {
    expect(withStatus({ passed: 0, failed: 0, skipped: [] }, 0).failed).toBe(1);
  });

  test('failed tests are not counted twice', () => {
    expect(withStatus({ passed: 5, failed: 2, skipped: [] }, 1).failed).toBe(2);
  });

  test('the sum', () => {
    const one = { passed: 1, failed: 2, skipped: ['a: b'] };
    expect(sumOf([one, one])).toEqual({ passed: 2, failed: 4, skipped: ['a: b', 'a: b'] });
  });
});
