import { describe, expect, it } from 'vitest';
import type { ContactReading } from '../../../eval/ros/contact-messages.js';
import { CommandAudit } from '../../../eval/episodes/command-audit.js';
import { ContactTally } from '../../../eval/episodes/contact-tally.js';
import { EpisodeJudge } from '../../../eval/episodes/episode-judge.js';
import { EpisodeObserver } from '../../../eval/episodes/episode-observer.js';
import { PlannerFigures } from '../../../eval/episodes/planner-figures.js';
import type { ImageFrame } from '../../../src/core/types.js';

const START_NS = 1_000_000_000n;

function frame(offsetMs: number): ImageFrame {
  const stampNs = START_NS + BigInt(offsetMs) * 1_000_000n;
  return { stampNs, width: 1, height: 1, encoding: 'rgb8', step: 3, data: new Uint8Array(3) };
}

function begun(recorded: boolean, contacts = new ContactTally()): EpisodeObserver {
  const observer = new EpisodeObserver(new CommandAudit([]), new PlannerFigures(), null, contacts);
  const judge = new EpisodeJudge({
    task: { isReached: () => false },
    goalRad: [0],
    fingertipOf: (position) => position,
    startNs: START_NS,
    limitS: 6,
  });
  observer.begin({ judge, startNs: START_NS, measured: true, recorded, onVerdict: () => undefined });
  return observer;
}

const offsetsMs = (frames: readonly ImageFrame[]): number[] =>
  frames.map(({ stampNs }) => Number(stampNs - START_NS) / 1e6);

describe('EpisodeObserver', () => {
  it('records the images of an episode, of a fast camera every other one', () => {
    const observer = begun(true);
    for (const ms of [-33, 0, 33, 66, 99, 132]) observer.onImage(frame(ms));
    expect(offsetsMs(observer.recording)).toEqual([0, 66, 132]);
    observer.end();
    observer.onImage(frame(300));
    expect(offsetsMs(observer.recording)).toEqual([0, 66, 132]);
  });

  it('keeps only the first image when it does not record', () => {
    const observer = begun(false);
    for (const ms of [-33, 0, 100]) observer.onImage(frame(ms));
    expect(observer.recording).toEqual([]);
    expect(observer.firstFrame?.stampNs).toBe(START_NS);
  });

  it('counts contacts from the start of an episode to its end', () => {
    const contacts = new ContactTally();
    const observer = begun(false, contacts);
    const touched = (offsetMs: number, link: string): ContactReading => ({
      stampNs: START_NS + BigInt(offsetMs) * 1_000_000n,
      contacts: [{ kind: 'surroundings', names: [link, 'table'] }],
    });
    observer.onContacts(touched(-20, 'before'));
    observer.onContacts(touched(0, 'wrist'));
    observer.onContacts(touched(20, 'wrist'));
    observer.end();
    observer.onContacts(touched(40, 'after'));
    expect(contacts.pairs).toEqual([{ kind: 'surroundings', names: ['wrist', 'table'], episodes: 1 }]);
  });
});
