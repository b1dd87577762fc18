/** What the operators and the other nodes of this robot ask of the motion now. */
export interface OperatorState {
  /** The latched emergency stop; null when there is none. */
  readonly emergencyStop: {
    readonly id: 'emergency-stop' | 'emergency-stop-silent';
    readonly found: string;
  } | null;
  /** Fraction of the speed at which plans are followed, 0 to 1. */
  readonly speedScale: number;
  /** Why the required `~/speed_scale` is missing; null if it is not. */
  readonly speedScaleSilence: string | null;
  /** Whether no command is to be sent. */
  readonly isDryRun: boolean;
  /** What is wrong with the command topic; null when nothing is. */
  readonly controller: {
    readonly id: 'two-planners' | 'command-without-subscriber';
    readonly found: string;
  } | null;
}

/** Full speed, and nobody who asks for anything else. */
export const UNHINDERED: OperatorState = {
  emergencyStop: null,
  speedScale: 1,
  speedScaleSilence: null,
  isDryRun: false,
  controller: null,
};
