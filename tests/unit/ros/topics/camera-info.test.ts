import { describe, expect, it } from 'vitest';

import { cameraInfoTopic, imageSizeOf } from '../../../../src/ros/topics/camera-info.js';

const whole = { width: 640, height: 480, binning_x: 0, binning_y: 0, roi: { width: 0, height: 0 } };

describe('the camera_info of an image', () => {
  it('is on a topic in the same namespace', () => {
    expect(cameraInfoTopic('/camera/image_raw')).toBe('/camera/camera_info');
    expect(cameraInfoTopic('/image')).toBe('/camera_info');
  });

  it('says its size, of the whole sensor, of a region, after binning', () => {
    expect(imageSizeOf(whole)).toEqual({ width: 640, height: 480 });
    expect(imageSizeOf({ ...whole, roi: { width: 100, height: 50 } })).toEqual({ width: 100, height: 50 });
    expect(imageSizeOf({ ...whole, binning_x: 2, binning_y: 4 })).toEqual({ width: 320, height: 120 });
  });
});
