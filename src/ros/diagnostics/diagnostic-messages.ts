import type { Status, StatusLevel } from '../../core/status.js';
import { cdrMessage, writeHeader, writeString } from '../topics/cdr-writing.js';

/** Numbers of the levels in diagnostic_msgs/DiagnosticStatus. */
const levels: Readonly<Record<StatusLevel, number>> = { ok: 0, warn: 1, error: 2, stale: 3 };

/**
 * diagnostic_msgs/DiagnosticArray, serialised.
 *
 * @param hardwareId of all statuses
 */
export function diagnosticArray(stampNs: bigint, hardwareId: string, statuses: readonly Status[]): Buffer {
  return cdrMessage((writer) => {
    writeHeader(writer, stampNs, '');
    writer.sequenceLength(statuses.length);
    for (const { level, name, message, values } of statuses) {
      writer.uint8(levels[level]);
      for (const text of [name, message, hardwareId]) writeString(writer, text);
      const entries = Object.entries(values);
      writer.sequenceLength(entries.length);
      for (const [key, value] of entries) {
        writeString(writer, key);
        writeString(writer, String(value));
      }
    }
  });
}
