import { beforeEach, describe, expect, it } from 'vitest';

import type { AwaitedInput } from '../../../../src/ros/node/awaited-inputs.js';
import { StartUpWatch } from '../../../../src/ros/node/start-up-watch.js';

const camera: AwaitedInput = { name: 'image', topic: '/image', found: 'none received' };
const joints: AwaitedInput = { name: 'joint_states', topic: '/joint_states', found: 'none received' };

describe('a node that is to activate by itself', () => {
  let nowMs = 0;
  let publishers: readonly string[] = [];
  let lines: string[] = [];
  let watch: StartUpWatch;

  beforeEach(() => {
    nowMs = 1000;
    publishers = [];
    lines = [];
    const note = (text: string): void => {
      lines.push(text);
    };
    watch = new StartUpWatch(
      { info: note, warn: note },
      () => publishers,
      () => nowMs,
    );
  });

  function wait(seconds: number, awaited: readonly AwaitedInput[] | null): void {
    for (let second = 0; second < seconds; second += 1) {
      watch.look(awaited);
      nowMs += 1000;
    }
  }

  it('says after 5 s what it waits for, on which topic and of whom', () => {
    wait(5, [camera, joints]);
    expect(lines).toEqual([]);
    wait(1, [camera, joints]);
    expect(lines).toEqual([
      'not activated yet, after 5 s: image: none received on /image, which nobody publishes; joint_states: none received on /joint_states, which nobody publishes',
    ]);
  });

  it('says it again every 30 s', () => {
    wait(96, [camera]);
    expect(lines.map((line) => /after (\d+) s/.exec(line)?.[1])).toEqual(['5', '35', '65', '95']);
  });

  it('says at once when that changes, and not because an age does', () => {
    wait(8, [camera, joints]);
    wait(1, [joints]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/after 8 s: joint_states/);
    publishers = ['/driver'];
    wait(1, [joints]);
    expect(lines[2]).toMatch(
      /after 9 s: joint_states: none received on \/joint_states, published by \/driver$/,
    );
    for (const age of ['3.10', '4.15', '15.20']) wait(1, [{ ...joints, found: `the last is ${age} s old` }]);
    expect(lines).toHaveLength(4);
  });

  it('says when it has everything, if it said that it waits', () => {
    wait(3, [camera]);
    wait(3, []);
    expect(lines).toEqual([]);
    wait(7, [camera]);
    wait(2, []);
    expect(lines.slice(1)).toEqual(['all inputs are there, after 7 s']);
  });

  it('begins anew when nobody waited meanwhile', () => {
    wait(7, [camera]);
    wait(1, null);
    wait(5, [camera]);
    expect(lines).toHaveLength(1);
    wait(1, [camera]);
    expect(lines).toHaveLength(2);
  });
});
