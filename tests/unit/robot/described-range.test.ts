import { describe, expect, it } from 'vitest';

import { describedRanges, outsideRanges } from '../../../src/robot/described-range.js';
import { parseUrdf } from '../../../src/robot/urdf.js';

const urdf = parseUrdf(`<robot name="arm">
  <link name="base"/><link name="a"/><link name="b"/><link name="c"/>
  <joint name="turn" type="continuous"><parent link="base"/><child link="a"/><limit lower="-1" upper="1" velocity="1" effort="1"/></joint>
  <joint name="lift" type="prismatic"><parent link="a"/><child link="b"/><limit lower="0" upper="0.5" velocity="1" effort="1"/></joint>
  <joint name="bend" type="revolute"><parent link="b"/><child link="c"/>
    <limit lower="-2" upper="1.5" velocity="1" effort="1"/><safety_controller k_velocity="1" soft_lower_limit="-1" soft_upper_limit="1"/>
  </joint>
</robot>`);
const ranges = describedRanges(urdf, ['bend', 'turn', 'lift', 'other']);
const at = (bend: number, turn = 0, lift = 0.1): string | null =>
  outsideRanges(ranges, Float64Array.of(bend, turn, lift, 100));

describe('the ranges of a robot description', () => {
  it('are those of <limit>, before soft limits; endless joints and unknown ones have none', () => {
    expect(ranges).toEqual([
      { name: 'bend', unit: 'rad', lower: -2, upper: 1.5 },
      { name: 'turn', unit: 'rad', lower: -Infinity, upper: Infinity },
      { name: 'lift', unit: 'm', lower: 0, upper: 0.5 },
      { name: 'other', unit: 'rad', lower: -Infinity, upper: Infinity },
    ]);
  });

  it('hold a joint at its stop, with the noise of an encoder', () => {
    expect([at(-2), at(1.5), at(1.50009), at(-2.00009), at(0, 50)]).toEqual([null, null, null, null, null]);
  });

  it('do not hold a joint beyond them, which is named with its value and range', () => {
    expect(at(1.5002)).toBe("joint 'bend' at 1.5002 rad, outside its limits -2 to 1.5 rad");
    expect(at(-2.0002)).toBe("joint 'bend' at -2.0002 rad, outside its limits -2 to 1.5 rad");
    expect(at(NaN)).toContain("'bend' at NaN");
    expect(at(2, 0, 0.6)).toContain("; joint 'lift' at 0.6000 m, outside its limits 0 to 0.5 m");
  });
});
