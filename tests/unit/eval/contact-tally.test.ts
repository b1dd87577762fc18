import { describe, expect, it } from 'vitest';
import { ContactTally } from '../../../eval/episodes/contact-tally.js';
import { toContactReading, type ContactKind } from '../../../eval/ros/contact-messages.js';

const header = { stamp: { sec: 2, nanosec: 5 } };
const status = (name: string, ...pairs: (readonly [string, string])[]) => ({
  name,
  values: pairs.map(([key, value]) => ({ key, value })),
});

describe('a message of contacts', () => {
  it('has the pairs of each kind', () => {
    const message = {
      header,
      status: [
        status('surroundings', ['wrist', 'table'], ['elbow', 'ball']),
        status('self_collisions', ['hand', 'elbow']),
      ],
    };
    expect(toContactReading(message)).toEqual({
      stampNs: 2_000_000_005n,
      contacts: [
        { kind: 'self_collisions', names: ['hand', 'elbow'] },
        { kind: 'surroundings', names: ['wrist', 'table'] },
        { kind: 'surroundings', names: ['elbow', 'ball'] },
      ],
    });
    const none = { header, status: [status('self_collisions'), status('surroundings')] };
    expect(toContactReading(none).contacts).toEqual([]);
  });

  it('says that nothing is counted where a kind is missing', () => {
    expect(toContactReading({ header, status: [] }).contacts).toBeNull();
    expect(toContactReading({ header, status: [status('surroundings')] }).contacts).toBeNull();
  });
});

describe('the tally of contacts', () => {
  const touching = (kind: ContactKind, ...pairs: (readonly [string, string])[]) => ({
    stampNs: 0n,
    contacts: pairs.map((names) => ({ kind, names })),
  });

  it('counts a pair once an episode, however often it touches', () => {
    const tally = new ContactTally();
    tally.restart();
    tally.add(touching('self_collisions', ['hand', 'elbow']));
    tally.add(touching('surroundings'));
    tally.add(touching('self_collisions', ['hand', 'elbow']));
    tally.restart();
    tally.add(touching('surroundings', ['hand', 'table'], ['elbow', 'table']));
    tally.restart();
    tally.add(touching('surroundings', ['elbow', 'table']));
    expect(tally.pairs).toEqual([
      { kind: 'surroundings', names: ['elbow', 'table'], episodes: 2 },
      { kind: 'self_collisions', names: ['hand', 'elbow'], episodes: 1 },
      { kind: 'surroundings', names: ['hand', 'table'], episodes: 1 },
    ]);
  });

  it('tells no contacts from none that are counted', () => {
    const tally = new ContactTally();
    expect(tally.pairs).toBeNull();
    tally.restart();
    tally.add({ stampNs: 0n, contacts: null });
    expect(tally.pairs).toBeNull();
    tally.add(touching('surroundings'));
    expect(tally.pairs).toEqual([]);
  });
});
