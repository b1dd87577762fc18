import { describe, expect, it } from 'vitest';
import { DrawLoop } from '../../../../src/dashboard/ui/plots/draw-loop.js';
import { Watching } from '../../../../src/dashboard/ui/state/watching.js';

/** A screen whose frames are shown by hand. */
class Screen {
  #waiting: ((nowMs: number) => void)[] = [];
  readonly nextFrame = (then: (nowMs: number) => void): void => {
    this.#waiting.push(then);
  };

  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  show(nowMs: number): void {
    const due = this.#waiting;
    this.#waiting = [];
    for (const then of due) then(nowMs);
  }
}

describe('the loop that draws', () => {
  it('draws everything at most at its rate', () => {
    const screen = new Screen();
    const loop = new DrawLoop({ nextFrame: screen.nextFrame, periodMs: () => 1000 / 15 });
    const drawn = [0, 0];
    loop.add({ draw: () => (drawn[0] = (drawn[0] ?? 0) + 1) });
    loop.add({ draw: () => (drawn[1] = (drawn[1] ?? 0) + 1) });
    for (let frame = 0; frame <= 60; frame++) screen.show((1000 * frame) / 60);
    expect(drawn).toEqual([16, 16]);
  });

  it('stops when nothing is left, and starts again', () => {
    const screen = new Screen();
    const loop = new DrawLoop({ nextFrame: screen.nextFrame, periodMs: () => 10 });
    const times: number[] = [];
    const drawable = { draw: (nowS: number) => times.push(nowS) };
    const end = loop.add(drawable);
    screen.show(1000);
    end();
    screen.show(2000);
    expect(screen.isWaitedFor).toBe(false);
    loop.add(drawable);
    screen.show(3000);
    expect(times).toEqual([1, 3]);
  });
});

describe('what is watched', () => {
  const start = (): { watching: Watching; sent: string[][]; settle: () => void } => {
    const sent: string[][] = [];
    const later: (() => void)[] = [];
    const watching = new Watching(
      (channels) => sent.push([...channels]),
      (then) => later.push(then),
    );
    const settle = (): void => {
      for (const then of later.splice(0)) then();
    };
    return { watching, sent, settle };
  };

  it('is what something in view shows, sent once for all that come into view together', () => {
    const { watching, sent, settle } = start();
    watching.watch(['camera/camera']);
    const end = watching.watch(['joints', 'camera/camera']);
    settle();
    end();
    settle();
    expect(sent).toEqual([
      ['camera/camera', 'joints', 'statistics'],
      ['camera/camera', 'statistics'],
    ]);
  });

  it('is not sent again while it is the same', () => {
    const { watching, sent, settle } = start();
    const end = watching.watch(['plan']);
    settle();
    end();
    watching.watch(['plan']);
    settle();
    expect(sent).toHaveLength(1);
  });

  it('is next to nothing while the page is hidden', () => {
    const { watching, sent, settle } = start();
    watching.watch(['camera/camera']);
    watching.setPageHidden(true);
    settle();
    watching.setPageHidden(false);
    settle();
    expect(sent).toEqual([['statistics'], ['camera/camera', 'statistics']]);
  });
});
