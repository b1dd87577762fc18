import { describe, expect, it } from 'vitest';

import { Ring } from '../../../src/timeline/ring.js';

describe('a log of bounded length', () => {
  it('keeps the newest entries, and says where they are by their age', () => {
    const ring = new Ring(3);
    expect(ring.length).toBe(0);
    const written = ['a', 'b', 'c', 'd', 'e'];
    const rows: string[] = [];
    for (const [index, entry] of written.entries()) {
      rows[ring.push()] = entry;
      expect(ring.length).toBe(Math.min(index + 1, 3));
    }
    expect([0, 1, 2].map((age) => rows[ring.row(age)])).toEqual(['e', 'd', 'c']);
    expect(rows).toHaveLength(3);
  });

  it('refuses ages that it has no entry of, also after it was cleared', () => {
    const ring = new Ring(3);
    expect(() => ring.row(0)).toThrow(RangeError);
    ring.push();
    ring.push();
    expect(ring.row(1)).toBe(0);
    expect(() => ring.row(2)).toThrow('entry 2 of a log of 2');
    expect(() => ring.row(-1)).toThrow(RangeError);
    expect(() => ring.row(NaN)).toThrow(RangeError);
    ring.clear();
    expect(ring.length).toBe(0);
    expect(() => ring.row(0)).toThrow(RangeError);
  });
});
