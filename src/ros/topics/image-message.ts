import type { ImageFrame } from '../../core/types.js';
import { cdrMessage, writeHeader, writeString } from './cdr-writing.js';

/** sensor_msgs/Image, serialised. */
export function imageMessage(frame: ImageFrame): Buffer {
  const { stampNs, width, height, encoding, isBigEndian = false, step, data } = frame;
  return cdrMessage((writer) => {
    writeHeader(writer, stampNs, '');
    writer.uint32(height).uint32(width);
    writeString(writer, encoding);
    writer.uint8(isBigEndian ? 1 : 0).uint32(step);
    writer.uint8Array(data, true);
  });
}

/** An image without pixels: there is nothing to show. */
export function emptyImage(stampNs: bigint): ImageFrame {
  return { stampNs, width: 0, height: 0, encoding: 'mono8', step: 0, data: new Uint8Array(0) };
}
