import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { SpeedScale } from '../../../src/safety/speed-scale.js';
import { thrownBy } from '../../fixtures/robot.js';

let scale: SpeedScale;
let parameter: number;
let timeoutS: number;

beforeEach(() => {
  parameter = 1;
  timeoutS = 0;
  scale = new SpeedScale(() => ({
    'command.speed_scale': parameter,
    'command.speed_scale_timeout_s': timeoutS,
  }));
});

describe('the speed scale', () => {
  it('is the lower one of the parameter and the newest message', () => {
    expect(scale.value).toBe(1);
    parameter = 0.6;
    expect(scale.value).toBe(0.6);
    scale.onMessage(0.8, 0);
    expect(scale.value).toBe(0.6);
    scale.onMessage(0.3, 10);
    expect(scale.value).toBe(0.3);
  });

  it.each([NaN, -0.001, 1.001, 2, Infinity, -Infinity])('refuses %d, and keeps the one before', (value) => {
    scale.onMessage(0.4, 0);
    const refusal = thrownBy(() => {
      scale.onMessage(value, 10);
    });
    expect(refusal.code).toBe('command.speed-scale');
    expect(refusal.facts).toMatchObject({ subject: '~/speed_scale', found: String(value) });
    expect(refusal.facts.remedy).toContain('0.4 stays');
    expect(scale.value).toBe(0.4);
  });

  it('is from 0 to 1, whatever is sent', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (values) => {
        for (const value of values) {
          try {
            scale.onMessage(value, 0);
          } catch {
            expect(value >= 0 && value <= 1).toBe(false);
          }
          expect(scale.value).toBeGreaterThanOrEqual(0);
          expect(scale.value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('accepts both ends of the range', () => {
    scale.onMessage(0, 0);
    expect(scale.value).toBe(0);
    scale.onMessage(1, 0);
    expect(scale.value).toBe(1);
  });

  it('may stay silent, unless a timeout says how long', () => {
    expect(scale.silence(1e9)).toBeNull();
    timeoutS = 0.5;
    expect(scale.silence(0)).toBe('no message received');
    scale.onMessage(1, 100);
    expect(scale.silence(600)).toBeNull();
    expect(scale.silence(610)).toBe('no message for 0.51 s');
  });

  it('is silent if all that comes is refused', () => {
    timeoutS = 0.5;
    expect(() => {
      scale.onMessage(2, 0);
    }).toThrow();
    expect(scale.silence(10)).toBe('no message received');
  });
});
