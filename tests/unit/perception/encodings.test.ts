import { describe, expect, it } from 'vitest';

import type { JepaMpcError } from '../../../src/core/errors.js';
import type { WantedImage } from '../../../src/core/model-spec.js';
import { checkFrame, encodingNamed } from '../../../src/perception/encodings.js';
import { thrownBy } from '../../fixtures/robot.js';

const refusal = (name: string, wanted: WantedImage): JepaMpcError =>
  thrownBy(() => encodingNamed('topic /image', name, wanted));

describe('an encoding that is not read is refused with its name and what to use', () => {
  it.each([
    ['16UC1', /mono8 or mono16/],
    ['8UC3', /bgr8 or rgb8/],
    ['32FC1', /colour topic/],
    ['bayer_rggb16', /8-bit mosaic/],
    ['yuv444', /rgb8, or yuv422_yuy2/],
    ['nv12', /rgb8, or yuv422_yuy2/],
    ['', /rgb8 or bgr8/],
  ])('%s', (name, remedy) => {
    const error = refusal(name, 'grey');
    expect(error.code).toBe('image.encoding');
    expect(error.facts.found).toBe(`encoding "${name}"`);
    expect(error.facts.expected).toContain('rgb8, bgr8, rgba8, bgra8, mono8');
    expect(error.facts.remedy).toMatch(remedy);
  });
});

describe('grey where the model was trained on colours', () => {
  const grey = { stampNs: 0n, width: 2, height: 2, step: 4, data: new Uint8Array(8) };

  it.each(['mono8', 'mono16'])('is refused, and taken by a model of grey: %s', (encoding) => {
    const frame = { ...grey, encoding };
    expect(() => checkFrame('topic /image', frame, 'colour')).toThrow(
      `topic /image: found a grey picture (encoding "${encoding}"), expected a picture in colour`,
    );
    expect(checkFrame('topic /image', frame, 'grey').samplesPerPixel).toBe(1);
  });

  it('is not what another refusal advises', () => {
    for (const name of ['8UC1', '16UC1', 'nv12']) {
      const { facts } = refusal(name, 'colour');
      expect(`${facts.expected} ${facts.remedy}`).not.toContain('mono');
    }
  });

  it.each(['bayer_rggb8', 'yuv422_yuy2', 'rgb8'])('does not mean %s', (encoding) => {
    const frame = { ...grey, step: 6, data: new Uint8Array(12), encoding };
    expect(() => checkFrame('topic /image', frame, 'colour')).not.toThrow();
  });
});
