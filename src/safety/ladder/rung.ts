import { commandParameters } from '../command-settings.js';

/**
 * What the node does about a fault, mildest first.
 * - `refuse`: a message, a value or a request does not count; what was in force stays.
 * - `degrade`: continues on what is still right, such as the rest of the last good plan, and brakes at its end.
 * - `hold`: brakes to rest within the limits and waits; continues by itself when the cause is gone.
 * - `stop`: brakes to rest within the limits and stays there until a person clears it.
 */
export type Reaction = 'refuse' | 'degrade' | 'hold' | 'stop';

/** What is declared about one fault. */
export interface Rung {
  /** What happens, as a noun phrase. */
  readonly fault: string;
  /** How the node notices. */
  readonly detection: string;
  readonly reaction: Reaction;
  /**
   * Maximum time from the fault until the reaction begins, ms. Braking itself comes on top: `v/a + a/j`. Where it contains a timeout, that is
   * the default of {@link timeout}.
   */
  readonly boundMs: number;
  /** Parameter whose default, in ms, is part of `boundMs`. */
  readonly timeout?: string;
  /** What the bound depends on, beyond the timeout, for a reader. */
  readonly boundNote?: string;
  /** The line in the log or the part of `/diagnostics`. */
  readonly operatorSees: string;
  readonly clears: string;
}

/** Default period of commands, ms: the node looks at its inputs once in each. */
const TICK_MS = commandParameters['command.period_ms'].defaultValue;

/** Delivery of a message over DDS and a late tick, on a busy computer, ms. */
const DELIVERY_MS = 30;

/** A fault that the next tick sees. */
export const NEXT_TICK_MS = TICK_MS + DELIVERY_MS;

/** A request to a service, and the next tick. */
export const REQUEST_MS = 2 * NEXT_TICK_MS;

/** A fault of other nodes that the ROS graph shows: its discovery, and the look at the graph once a second. */
export const GRAPH_MS = 2000;

/** Bound of a fault that a timeout detects. @param timeoutS its default, s */
export function after(timeoutS: number): number {
  return Math.round(timeoutS * 1000) + NEXT_TICK_MS;
}
