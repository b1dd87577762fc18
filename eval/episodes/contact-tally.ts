import type { ContactReading, ContactKind, NamePair } from '../ros/contact-messages.js';

/** A pair that touched, and in how many episodes. */
export interface CountedPair {
  readonly kind: ContactKind;
  readonly names: NamePair;
  readonly episodes: number;
}

/**
 * Counts what the robot touches, as the simulator sees it. A pair counts once an episode, however long and often it touches: a contact that
 * is lost and found again by rounding is one.
 */
export class ContactTally {
  #isCounting = false;
  readonly #pairs = new Map<string, CountedPair>();
  readonly #ofEpisode = new Set<string>();

  /** Call before each episode. */
  restart(): void {
    this.#ofEpisode.clear();
  }

  /** Adds what touches at one time of the episode. */
  add({ contacts }: ContactReading): void {
    if (contacts === null) return;
    this.#isCounting = true;
    for (const { kind, names } of contacts) {
      const key = JSON.stringify([kind, ...names]);
      if (this.#ofEpisode.has(key)) continue;
      this.#ofEpisode.add(key);
      this.#pairs.set(key, { kind, names, episodes: (this.#pairs.get(key)?.episodes ?? 0) + 1 });
    }
  }

  /** All pairs so far, most frequent first; null where the simulator has not counted. */
  get pairs(): readonly CountedPair[] | null {
    if (!this.#isCounting) return null;
    return [...this.#pairs.values()].sort((first, second) => second.episodes - first.episodes);
  }
}
