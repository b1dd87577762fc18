import type { ImageFrame } from '../../core/types.js';
import type { CompressedFrame } from '../../perception/decode-compressed.js';
import { stampToNs } from './stamp.js';
import type { RosTime } from './stamp.js';

/** The fields of sensor_msgs/Image that are read here. */
export interface ImageMessage {
  readonly header: { readonly stamp: RosTime };
  readonly width: number;
  readonly height: number;
  readonly encoding: string;
  readonly is_bigendian: number;
  readonly step: number;
  readonly data: ArrayLike<number>;
}

/** The fields of sensor_msgs/CompressedImage that are read here. */
interface CompressedImageMessage {
  readonly header: { readonly stamp: RosTime };
  readonly format: string;
  readonly data: ArrayLike<number>;
}

/** The message's own memory where it is bytes already. */
function toBytes(data: ArrayLike<number>): Uint8Array {
  return data instanceof Uint8Array ? data : Uint8Array.from(data);
}

export function toImageFrame(message: ImageMessage): ImageFrame {
  return {
    stampNs: stampToNs(message.header.stamp),
    width: message.width,
    height: message.height,
    encoding: message.encoding,
    isBigEndian: message.is_bigendian !== 0,
    step: message.step,
    data: toBytes(message.data),
  };
}

export function toCompressedFrame(message: CompressedImageMessage): CompressedFrame {
  return {
    stampNs: stampToNs(message.header.stamp),
    format: message.format,
    data: toBytes(message.data),
  };
}
