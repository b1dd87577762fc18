import { describe, expect, it } from 'vitest';

import { JepaMpcError } from '../../../src/core/errors.js';
import { encodingNamed } from '../../../src/vision/encodings.js';

function refusal(name: string): JepaMpcError {
  try {
    encodingNamed('topic /image', name);
  } catch (error) {
    if (error instanceof JepaMpcError) return error;
  }
  throw new TypeError(`${name} was not refused`);
}

describe('an encoding that is not read is refused with its name and what to use', () => {
  it.each([
    ['16UC1', /mono8 or mono16/],
    ['8UC3', /bgr8 or rgb8/],
    ['32FC1', /colour topic/],
    ['bayer_rggb16', /8-bit mosaic/],
    ['yuv422_yuy2', /camera\.transport: compressed/],
    ['nv12', /camera\.transport: compressed/],
    ['', /image_proc/],
  ])('%s', (name, remedy) => {
    const error = refusal(name);
    expect(error.code).toBe('image.encoding');
    expect(error.facts.found).toBe(`encoding "${name}"`);
    expect(error.facts.expected).toContain('rgb8, bgr8, rgba8, bgra8, mono8');
    expect(error.facts.remedy).toMatch(remedy);
  });
});
