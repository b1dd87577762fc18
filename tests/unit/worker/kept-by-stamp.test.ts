import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KeptByStamp } from '../../../src/worker/kept-by-stamp.js';

describe('KeptByStamp', () => {
  it('keeps what lies in the window, its ends included', () => {
    const kept = new KeptByStamp<string>();
    kept.keep(new Map([10n, 20n, 30n, 40n].map((stamp) => [stamp, String(stamp)])));
    kept.forgetOutside(20n, 30n);
    expect([10n, 20n, 30n, 40n].map((stamp) => kept.get(stamp))).toEqual([undefined, '20', '30', undefined]);
    kept.clear();
    expect(kept.size).toBe(0);
  });

  it('keeps no more than 128 entries, and lets go of those kept longest', () => {
    const kept = new KeptByStamp<true>();
    for (let stamp = 0n; stamp < 200n; stamp++) kept.keep(new Map([[stamp, true]]));
    expect(kept.size).toBe(128);
    expect(kept.has(71n)).toBe(false);
    expect(kept.has(72n)).toBe(true);
  });

  it('has the same stamps on both sides, whatever comes', () => {
    const window = fc.array(fc.bigInt(0n, 400n), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(window, { maxLength: 300 }), (plans) => {
        const [known, latents] = [new KeptByStamp<true>(), new KeptByStamp<bigint>()];
        for (const plan of plans) {
          const newest = plan.at(-1) ?? 0n;
          for (const side of [known, latents]) side.forgetOutside(newest - 300n, newest);
          for (const stamp of plan) expect(known.has(stamp)).toBe(latents.has(stamp));
          known.keep(new Map(plan.map((stamp) => [stamp, true])));
          latents.keep(new Map(plan.map((stamp) => [stamp, stamp])));
        }
        expect(known.size).toBe(latents.size);
      }),
    );
  });
});
