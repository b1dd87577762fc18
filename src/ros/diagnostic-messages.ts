import { cdrMessage, writeHeader } from './cdr-writing.js';

/** Levels of diagnostic_msgs/DiagnosticStatus. */
const levels = { ok: 0, warn: 1, error: 2, stale: 3 } as const;

export type StatusLevel = keyof typeof levels;

/** diagnostic_msgs/DiagnosticStatus */
export interface Status {
  readonly level: StatusLevel;
  readonly name: string;
  /** For a person; empty where all is well. */
  readonly message: string;
  readonly values: Readonly<Record<string, string | number | bigint>>;
}

/**
 * diagnostic_msgs/DiagnosticArray, serialised.
 *
 * @param hardwareId what the statuses are about
 */
export function diagnosticArray(stampNs: bigint, hardwareId: string, statuses: readonly Status[]): Buffer {
  return cdrMessage((writer) => {
    writeHeader(writer, stampNs, '');
    writer.sequenceLength(statuses.length);
    for (const { level, name, message, values } of statuses) {
      writer.uint8(levels[level]).string(name).string(message).string(hardwareId);
      const entries = Object.entries(values);
      writer.sequenceLength(entries.length);
      for (const [key, value] of entries) writer.string(key).string(String(value));
    }
  });
}
