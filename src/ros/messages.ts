import type { ImageFrame } from '../core/types.js';
import { stampToNs } from './stamp.js';
import type { RosTime } from './stamp.js';

/** The fields of sensor_msgs/Image that count here. */
export interface ImageMessage {
  readonly header: { readonly stamp: RosTime };
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly step: number;
  readonly data: ArrayLike<number>;
}

/** An Image with its bytes in a Uint8Array (the message's own memory where it is one already). */
export function toImageFrame(message: ImageMessage): ImageFrame {
  return {
    stampNs: stampToNs(message.header.stamp),
    width: message.width,
    height: message.height,
    encoding: message.encoding,
    step: message.step,
    data: message.data instanceof Uint8Array ? message.data : Uint8Array.from(message.data),
  };
}
