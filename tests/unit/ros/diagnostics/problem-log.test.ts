import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../../src/core/errors.js';
import { ProblemLog } from '../../../../src/ros/diagnostics/problem-log.js';

function badImage(found: string): JepaMpcError {
  return new JepaMpcError('image.encoding', {
    subject: '/image',
    found,
    expected: 'rgb8',
    remedy: 'Set the camera to rgb8.',
  });
}

function badJoint(subject: string): JepaMpcError {
  return new JepaMpcError('joint-states.not-finite', {
    subject,
    found: 'NaN',
    expected: 'a number',
    remedy: 'Look at the driver.',
  });
}

describe('ProblemLog', () => {
  it('logs one kind of problem once a second, whatever comes between and whatever was found', () => {
    const logged: string[] = [];
    let nowMs = 0;
    const problems = new ProblemLog({ error: (text) => logged.push(text) }, () => nowMs);
    for (; nowMs < 2000; nowMs += 100) {
      problems.report(badImage(`yuv${String(nowMs)}`));
      problems.report(badJoint('shoulder'));
      problems.report(badJoint('elbow'));
    }
    const about = (subject: string): number => logged.filter((text) => text.startsWith(subject)).length;
    expect([about('/image'), about('shoulder'), about('elbow')]).toEqual([2, 2, 2]);
  });

  it('keeps the last problem for a while', () => {
    let nowMs = 0;
    const problems = new ProblemLog({ error: () => undefined }, () => nowMs);
    expect(problems.last).toBeNull();
    problems.report(badJoint('elbow'));
    nowMs = 900;
    problems.report(badImage('mono16'));
    expect(problems.last).toMatchObject({
      text: expect.stringContaining('mono16') as string,
      isRecent: true,
    });
    nowMs = 5899;
    expect(problems.last?.isRecent).toBe(true);
    nowMs = 5900;
    expect(problems.last?.isRecent).toBe(false);
  });

  it('passes on what a guarded action throws, and nothing where it does well', () => {
    const problems = new ProblemLog({ error: () => undefined });
    const refusal = badJoint('elbow');
    expect(problems.guard(() => undefined)).toBeNull();
    expect(
      problems.guard(() => {
        throw refusal;
      }),
    ).toBe(refusal);
  });

  it('names what no one foresaw as a failure of the node', () => {
    const problems = new ProblemLog({ error: () => undefined });
    expect(problems.report(new TypeError('x is undefined'))).toMatchObject({ code: 'planner.not-ready' });
  });
});
