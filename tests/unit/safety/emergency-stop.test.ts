import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import { EmergencyStop, type StopSource } from '../../../src/safety/emergency-stop.js';

const A: StopSource = { id: 'a', name: '/a' };
const B: StopSource = { id: 'b', name: '/b' };
const NOBODY: StopSource = { id: null, name: '/a or /b' };

let stop: EmergencyStop;
let timeoutS: number;
/** Publishers that are still there. */
let publishing: Set<string>;

beforeEach(() => {
  timeoutS = 0;
  publishing = new Set();
  stop = new EmergencyStop(
    () => ({ 'emergency_stop.timeout_s': timeoutS }),
    (id) => publishing.has(id),
  );
});

describe('an emergency stop', () => {
  it('is latched by the first true, and names who pressed', () => {
    expect(stop.latched).toBeNull();
    stop.onMessage(false, A, 0);
    expect(stop.latched).toBeNull();
    stop.onMessage(true, A, 10);
    stop.onMessage(true, B, 20);
    expect(stop.latched).toEqual({ id: 'emergency-stop', found: 'pressed by /a' });
  });

  it('is latched by a request, and keeps its first reason', () => {
    stop.stop('requested by service');
    stop.onMessage(true, A, 10);
    expect(stop.latched?.found).toBe('requested by service');
  });

  it('is never cleared by false', () => {
    stop.onMessage(true, A, 0);
    stop.onMessage(false, A, 10);
    expect(stop.latched).not.toBeNull();
    expect(stop.reset(20)).toBeNull();
    expect(stop.latched).toBeNull();
  });

  it('is not cleared within a second of the last true, whoever sent it', () => {
    for (const [by, fromMs] of [
      [A, 0],
      [NOBODY, 5000],
    ] as const) {
      stop.onMessage(true, by, fromMs);
      expect(stop.reset(fromMs + 1000)).toBe(`${by.name} says true`);
      expect(stop.latched).not.toBeNull();
      expect(stop.reset(fromMs + 1001)).toBeNull();
    }
  });

  it('is not cleared while a button that publishes on change only is pressed, however long ago that was', () => {
    publishing.add('a');
    stop.onMessage(true, A, 0);
    expect(stop.reset(1e7)).toBe('/a says true');
    expect(stop.latched).not.toBeNull();
    stop.onMessage(false, A, 1e7);
    expect(stop.reset(1e7 + 1)).toBeNull();
  });

  it('is cleared once the publisher of such a button has ended', () => {
    publishing.add('a');
    stop.onMessage(true, A, 0);
    expect(stop.reset(2000)).not.toBeNull();
    publishing.delete('a');
    expect(stop.reset(2001)).toBeNull();
    // What it said is forgotten, should its id come back.
    publishing.add('a');
    stop.stop('again');
    expect(stop.reset(2002)).toBeNull();
  });

  it('counts what a publisher said for as long as the heartbeat may be silent, if that is longer', () => {
    timeoutS = 3;
    stop.onMessage(true, A, 0);
    expect(stop.refusal(3000)).toBe('/a says true');
    expect(stop.refusal(3001)).toBe('no heartbeat for 3.00 s from /a');
    timeoutS = 0.5;
    stop.onMessage(true, A, 4000);
    expect(stop.refusal(5000)).toBe('/a says true');
  });

  it('names publishers that disagree: stopped wins', () => {
    stop.onMessage(true, A, 0);
    stop.onMessage(false, B, 10);
    expect(stop.reset(20)).toBe('/a says true, /b says false');
    stop.onMessage(false, A, 30);
    expect(stop.reset(40)).toBeNull();
  });

  it('believes a release only if it knows that the one who pressed sent it', () => {
    stop.onMessage(true, NOBODY, 0);
    stop.onMessage(false, NOBODY, 500);
    expect(stop.refusal(600)).toBe('/a or /b says true');
    stop.onMessage(false, NOBODY, 1001);
    expect(stop.refusal(1002)).toBeNull();
  });

  it('goes on after a reset as if it had never been pressed', () => {
    stop.stop('first');
    stop.reset(0);
    stop.stop('second');
    expect(stop.latched?.found).toBe('second');
  });

  it('holds whatever else is said, until nobody says true any more', () => {
    const message = fc.record({ by: fc.constantFrom(A, B, NOBODY), isStopped: fc.boolean() });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
        const each = new EmergencyStop(
          () => ({ 'emergency_stop.timeout_s': 0 }),
          () => false,
        );
        for (const [index, { by, isStopped }] of messages.entries()) each.onMessage(isStopped, by, index);
        const isPressed = [A, B, NOBODY].some((by) => {
          const said = messages.filter((one) => one.by === by).map(({ isStopped }) => isStopped);
          return by === NOBODY ? said.includes(true) : said.at(-1) === true;
        });
        expect(each.latched !== null).toBe(messages.some(({ isStopped }) => isStopped));
        expect(each.refusal(messages.length) !== null).toBe(isPressed);
      }),
    );
  });
});

describe('the heartbeat of an emergency stop', () => {
  it('is not needed by default', () => {
    stop.watch(1e9);
    expect([stop.silence(1e9), stop.latched]).toEqual([null, null]);
  });

  it('stops when it is lost, and no sooner', () => {
    timeoutS = 0.5;
    stop.onMessage(false, A, 0);
    stop.watch(500);
    expect(stop.latched).toBeNull();
    stop.watch(510);
    expect(stop.latched).toEqual({ id: 'emergency-stop-silent', found: 'no heartbeat for 0.51 s from /a' });
  });

  it('stops when one of two publishers falls silent while the other goes on', () => {
    timeoutS = 0.5;
    stop.onMessage(false, B, 0);
    for (let nowMs = 0; nowMs <= 400; nowMs += 100) {
      stop.onMessage(false, A, nowMs);
      stop.watch(nowMs);
    }
    expect(stop.latched).toBeNull();
    stop.onMessage(false, A, 510);
    stop.watch(510);
    expect(stop.latched).toEqual({ id: 'emergency-stop-silent', found: 'no heartbeat for 0.51 s from /b' });
  });

  it('is that of the others after a reset, which forgets who has fallen silent', () => {
    timeoutS = 0.5;
    stop.onMessage(false, A, 0);
    stop.onMessage(false, B, 0);
    stop.watch(600);
    expect(stop.reset(600)).toBe('no heartbeat for 0.60 s from /a, no heartbeat for 0.60 s from /b');
    stop.onMessage(false, A, 700);
    expect(stop.silence(700)).toBe('no heartbeat for 0.70 s from /b');
    expect(stop.reset(700)).toBeNull();
    stop.watch(1200);
    expect([stop.silence(1200), stop.latched]).toEqual([null, null]);
    stop.watch(1201);
    expect(stop.latched?.found).toBe('no heartbeat for 0.50 s from /a');
  });

  it('is not asked of those who spoke before there was a timeout', () => {
    stop.onMessage(false, B, 0);
    stop.watch(2000);
    timeoutS = 0.5;
    stop.onMessage(false, A, 2000);
    stop.watch(2001);
    expect(stop.latched).toBeNull();
  });

  it('never loses a publisher that has stopped sending, whatever the others do', () => {
    const beat = fc.record({ by: fc.constantFrom(A, B), gapMs: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(beat, { minLength: 1, maxLength: 30 }), (beats) => {
        const each = new EmergencyStop(
          () => ({ 'emergency_stop.timeout_s': 0.5 }),
          () => true,
        );
        each.onMessage(false, A, 0);
        const lastMs = new Map<string | null, number>([[A.id, 0]]);
        let nowMs = 0;
        let isLost = false;
        for (const { by, gapMs } of beats) {
          nowMs += gapMs;
          each.watch(nowMs);
          isLost ||= [...lastMs.values()].some((atMs) => nowMs - atMs > 500);
          expect(each.latched !== null).toBe(isLost);
          each.onMessage(false, by, nowMs);
          lastMs.set(by.id, nowMs);
        }
      }),
    );
  });

  it('keeps the stop until it is back', () => {
    timeoutS = 0.5;
    stop.watch(0);
    expect(stop.reset(10)).toBe('no heartbeat received');
    stop.onMessage(false, A, 20);
    expect(stop.latched).not.toBeNull();
    expect(stop.reset(30)).toBeNull();
    expect(stop.latched).toBeNull();
  });

  it('does not replace the reason of a stop', () => {
    timeoutS = 0.5;
    stop.onMessage(true, A, 0);
    stop.watch(2000);
    expect(stop.latched?.id).toBe('emergency-stop');
  });
});
