import { describe, expect, it } from 'vitest';
import type { ContactReading } from '../../../eval/ros/contact-messages.js';
import { CommandAudit } from '../../../eval/episodes/command-audit.js';
import { ContactTally } from '../../../eval/episodes/contact-tally.js';
import { EpisodeJudge, type JudgedEpisode } from '../../../eval/episodes/episode-judge.js';
import { EpisodeObserver } from '../../../eval/episodes/episode-observer.js';
import { PlannerFigures } from '../../../eval/episodes/planner-figures.js';
import type { GoalReading } from '../../../eval/episodes/tasks/task.js';
import { cubeMove } from '../../fixtures/object-move.js';
import type { ImageFrame } from '../../../src/core/types.js';

const START_NS = 1_000_000_000n;

function frame(offsetMs: number): ImageFrame {
  const stampNs = START_NS + BigInt(offsetMs) * 1_000_000n;
  return { stampNs, width: 1, height: 1, encoding: 'rgb8', step: 3, data: new Uint8Array(3) };
}

function begun(
  recorded: boolean,
  contacts = new ContactTally(),
  drawn: JudgedEpisode['drawn'] = { goalRad: [0] },
  judged: (reading: GoalReading) => void = () => undefined,
): EpisodeObserver {
  const observer = new EpisodeObserver(new CommandAudit([]), new PlannerFigures(), null, contacts);
  const judge = new EpisodeJudge({
    task: {
      isReached: (reading) => {
        judged(reading);
        return false;
      },
    },
    drawn,
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

  it('judges joints and object as they were at one time, whichever message arrives first', () => {
    const judged: GoalReading[] = [];
    const drawn = { goalRad: [0], object: cubeMove() };
    const observer = begun(false, new ContactTally(), drawn, (reading) => judged.push(reading));
    const stampNs = (period: number): bigint => START_NS + BigInt(period) * 10_000_000n;
    const joints = (period: number): void => {
      const position = Float64Array.of(period);
      observer.onJoints({ stampNs: stampNs(period), position, velocity: new Float64Array(1) });
    };
    const objects = (period: number): void => {
      const positions = new Map([['cube', [0.5 + 0.01 * period, 0, 0.03] as const]]);
      observer.onObjects({ stampNs: stampNs(period), positions });
    };
    joints(0);
    expect(judged).toEqual([]);
    objects(0);
    objects(1);
    joints(1);
    joints(2);
    joints(3);
    objects(2);
    objects(3);
    expect(judged.map(({ state }) => state.positionRad)).toEqual([[0], [1], [3]]);
    const away = judged.map(({ object }) => object?.distanceM ?? Number.NaN);
    expect(away[0]).toBeCloseTo(0.2, 12);
    expect(away[2]).toBeCloseTo(0.17, 12);
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
