import { describe, expect, it, vi } from 'vitest';
import { Arrivals, timeoutError } from '../../../eval/ros/demo-arrivals.js';

describe('Arrivals', () => {
  it('resolves at once when the condition already holds', async () => {
    await expect(new Arrivals().until(() => true, 'anything', 10)).resolves.toBeUndefined();
  });

  it('evaluates the condition on arrivals only', async () => {
    const arrivals = new Arrivals();
    const condition = vi.fn(() => condition.mock.calls.length > 2);
    const waiting = arrivals.until(condition, 'the third look', 1000);
    expect(condition).toHaveBeenCalledTimes(1);
    arrivals.notify();
    arrivals.notify();
    await waiting;
    arrivals.notify();
    expect(condition).toHaveBeenCalledTimes(3);
  });

  it('rejects present and future waits with the first reason, until it recovers', async () => {
    const arrivals = new Arrivals();
    const reason = timeoutError('the simulator', 1);
    const waiting = arrivals.until(() => false, 'never', 1000);
    arrivals.fail(reason);
    arrivals.fail(timeoutError('something else', 1));
    await expect(waiting).rejects.toBe(reason);
    await expect(arrivals.until(() => true, 'anything', 1000)).rejects.toBe(reason);
    arrivals.recover();
    await expect(arrivals.until(() => true, 'anything', 1000)).resolves.toBeUndefined();
  });

  it('times out with an error that names what was awaited', async () => {
    await expect(new Arrivals().until(() => false, 'the goal image', 20)).rejects.toMatchObject({
      code: 'demo.timeout',
      message: expect.stringContaining('the goal image: found nothing within 0.02 s') as string,
    });
  });
});
