import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DecodeLane } from '../../../src/perception/decode-lane.js';

/** A decoder whose work is done when the test says so. */
function slowDecoder() {
  const running: { readonly coded: number; readonly finish: (problem?: Error) => Promise<void> }[] = [];
  const decoded: number[] = [];
  const problems: unknown[] = [];
  const lane = new DecodeLane<number, number>({
    decode: (coded) =>
      new Promise((resolve, reject) => {
        running.push({
          coded,
          finish: async (problem) => {
            if (problem === undefined) resolve(coded);
            else reject(problem);
            await new Promise(setImmediate);
          },
        });
      }),
    onDecoded: (value) => decoded.push(value),
    onProblem: (problem) => problems.push(problem),
  });
  return { lane, running, decoded, problems };
}

describe('DecodeLane', () => {
  it('decodes one at a time, and of those that wait only the newest', async () => {
    const { lane, running, decoded } = slowDecoder();
    for (const frame of [1, 2, 3, 4]) lane.push(frame);
    expect(running.map(({ coded }) => coded)).toEqual([1]);
    await running[0]?.finish();
    expect(running.map(({ coded }) => coded)).toEqual([1, 4]);
    await running[1]?.finish();
    expect(decoded).toEqual([1, 4]);
    expect(lane.overtaken).toBe(2);
  });

  it('goes on after one that cannot be decoded', async () => {
    const { lane, running, decoded, problems } = slowDecoder();
    lane.push(1);
    lane.push(2);
    const problem = new Error('damaged');
    await running[0]?.finish(problem);
    await running[1]?.finish();
    expect(problems).toEqual([problem]);
    expect(decoded).toEqual([2]);
  });

  it('hands nothing on once it is disposed of', async () => {
    const { lane, running, decoded } = slowDecoder();
    lane.push(1);
    lane.dispose();
    await running[0]?.finish();
    expect(decoded).toEqual([]);
  });

  it('keeps the order, ends with the newest, and accounts for every frame, however slow it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), async (arrives) => {
        const { lane, running, decoded } = slowDecoder();
        let pushed = 0;
        let done = 0;
        for (const isArrival of arrives) {
          if (isArrival) lane.push(++pushed);
          else if (running.length > done) await running[done++]?.finish();
        }
        while (running.length > done) await running[done++]?.finish();
        expect(decoded).toEqual(decoded.toSorted((a, b) => a - b));
        expect(decoded.at(-1) ?? 0).toBe(pushed);
        expect(decoded.length + lane.overtaken).toBe(pushed);
      }),
    );
  });
});
