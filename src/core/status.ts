/** Levels of diagnostic_msgs/DiagnosticStatus. */
export type StatusLevel = 'ok' | 'warn' | 'error' | 'stale';

/** Status of one part of the node: diagnostic_msgs/DiagnosticStatus as plain data. */
export interface Status {
  readonly level: StatusLevel;
  readonly name: string;
  /** For a person; empty if all is well. */
  readonly message: string;
  readonly values: Readonly<Record<string, string | number | bigint>>;
}
