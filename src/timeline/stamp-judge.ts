/** A stamp further behind the clock than this, s, belongs to another clock; one less far behind is old. */
const OTHER_CLOCK_S = 10;

/**
 * The verdict on a stamp: `accepted`, or why it is refused.
 * - `repeated`: equal to the last accepted one (a message may come twice).
 * - `backwards`: older than the last accepted one (messages arrived out of order, or the sender's clock was set back).
 * - `before-reset`: from before the last reset, so the message does not show the present state.
 * - `zero`: the message has no stamp.
 * - `future`: further ahead of the clock than clocks may differ.
 * - `other-clock`: so far behind that it cannot be of this clock.
 */
export type StampVerdict =
  'accepted' | 'repeated' | 'backwards' | 'before-reset' | 'zero' | 'future' | 'other-clock';

/** A refused stamp that the sender has to correct: it does not go away with the next message. */
export interface StampFault {
  readonly verdict: 'zero' | 'future' | 'other-clock';
  /** For a person, such as `a stamp 0.20 s ahead of the clock`. */
  readonly found: string;
}

/**
 * Decides, for one stream of messages, which stamps are accepted. No other code decides this. A refused message reaches no log, and does not
 * satisfy the watchdog.
 */
export class StampJudge {
  #lastNs: bigint | null = null;
  #barrierNs: bigint | null = null;
  #fault: StampFault | null = null;
  #refused = 0;

  /** Stamp of the last accepted message; null before the first. */
  get lastNs(): bigint | null {
    return this.#lastNs;
  }

  /** Why messages are refused at present; null when the newest one was not refused for its clock. */
  get fault(): StampFault | null {
    return this.#fault;
  }

  /** Number of messages refused since the start, without repeated ones. */
  get refused(): number {
    return this.#refused;
  }

  /** From now on, refuses stamps up to and including this one. */
  refuseUpTo(barrierNs: bigint): void {
    this.#barrierNs = barrierNs;
  }

  /** Forgets the last stamp and the barrier, for a clock that starts again. */
  restart(): void {
    this.#lastNs = null;
    this.#barrierNs = null;
  }

  /**
   * Whether a stamp is of this clock, whatever came before it: for messages that are grouped before they are judged.
   *
   * @param futureS how far a stamp may lie ahead of the clock, s, at least 0
   */
  isOfThisClock(stampNs: bigint, nowNs: bigint, futureS: number): boolean {
    const verdict = verdictOfClock(stampNs, nowNs, futureS);
    if (verdict === null) return true;
    this.#refuse(verdict, stampNs, nowNs);
    return false;
  }

  /**
   * @param stampNs of the message
   * @param nowNs on the same clock
   * @param futureS how far a stamp may lie ahead of the clock, s, at least 0
   */
  judge(stampNs: bigint, nowNs: bigint, futureS: number): StampVerdict {
    const verdict = verdictOfClock(stampNs, nowNs, futureS) ?? this.#order(stampNs);
    if (verdict === 'accepted') {
      this.#fault = null;
      this.#lastNs = stampNs;
    } else if (verdict !== 'repeated') {
      this.#refuse(verdict, stampNs, nowNs);
    }
    return verdict;
  }

  #refuse(verdict: StampVerdict, stampNs: bigint, nowNs: bigint): void {
    this.#fault = faultOf(verdict, stampNs, nowNs);
    this.#refused += 1;
  }

  #order(stampNs: bigint): StampVerdict {
    if (this.#barrierNs !== null && stampNs <= this.#barrierNs) return 'before-reset';
    if (this.#lastNs === null || stampNs > this.#lastNs) return 'accepted';
    return stampNs === this.#lastNs ? 'repeated' : 'backwards';
  }
}

/** What is wrong with the clock of a stamp; null when nothing is. */
function verdictOfClock(stampNs: bigint, nowNs: bigint, futureS: number): StampFault['verdict'] | null {
  const aheadS = Number(stampNs - nowNs) / 1e9;
  // A clock that starts at 0 (simulated time) has a correct first stamp of 0.
  if (stampNs === 0n && aheadS < -futureS) return 'zero';
  if (aheadS > futureS) return 'future';
  return aheadS < -OTHER_CLOCK_S ? 'other-clock' : null;
}

function faultOf(verdict: StampVerdict, stampNs: bigint, nowNs: bigint): StampFault | null {
  const offsetS = Math.abs(Number(stampNs - nowNs) / 1e9).toFixed(2);
  switch (verdict) {
    case 'zero':
      return { verdict, found: 'messages without a stamp (0)' };
    case 'future':
      return { verdict, found: `a stamp ${offsetS} s ahead of the clock` };
    case 'other-clock':
      return { verdict, found: `a stamp ${offsetS} s behind the clock, which is of another clock` };
    default:
      return null;
  }
}
