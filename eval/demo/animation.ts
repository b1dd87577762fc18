import sharp from 'sharp';
import type { ImageFrame } from '../../src/core/types.js';
import type { EpisodeFrames } from '../episodes/episode-runner.js';
import { scaledFrame } from './contact-sheet.js';

const PANEL_PX = 256;
const BORDER_PX = 8;
export const ANIMATION_PX = {
  width: 2 * PANEL_PX + 3 * BORDER_PX,
  height: PANEL_PX + 2 * BORDER_PX,
} as const;

type Colour = readonly [red: number, green: number, blue: number];
const RUNNING_GREY: Colour = [200, 200, 200];
const SUCCESS_GREEN: Colour = [34, 160, 74];
const FAILURE_RED: Colour = [204, 41, 41];

/** How long the last image of an episode stays, so that the result can be seen. */
const HOLD_MS = 1000;
/** Browsers slow down animations with shorter delays. */
const MIN_DELAY_MS = 20;
const QUALITY = 80;

interface AnimationFrame {
  /** `[ANIMATION_PX.height, ANIMATION_PX.width, 3]` bytes. */
  readonly pixels: Buffer;
  readonly delayMs: number;
}

/**
 * An animated WebP of the episodes, one after the other, at the speed of their stamps: the camera on the left, the goal image on the right.
 * The border is grey while the episode runs. It turns green after success and red after failure.
 *
 * @param episodes rgb8 frames, at least one episode; one without recorded frames shows its last frame only
 */
export async function renderAnimation(episodes: readonly EpisodeFrames[]): Promise<Buffer> {
  const frames = (await Promise.all(episodes.map(animate))).flat();
  const { width, height } = ANIMATION_PX;
  return sharp(Buffer.concat(frames.map(({ pixels }) => pixels)), {
    raw: { width, height: height * frames.length, channels: 3, pageHeight: height },
  })
    .webp({ loop: 0, delay: frames.map(({ delayMs }) => delayMs), quality: QUALITY })
    .toBuffer();
}

async function animate({ recorded, goal, end, success }: EpisodeFrames): Promise<AnimationFrame[]> {
  const goalPanel = await panel(goal);
  const before = recorded.filter(({ stampNs }) => stampNs < end.stampNs);
  const running = await Promise.all(
    before.map(async (frame, index) => {
      const nextNs = (before[index + 1] ?? end).stampNs;
      const delayMs = Math.max(MIN_DELAY_MS, Math.round(Number(nextNs - frame.stampNs) / 1e6));
      return { pixels: sideBySide(await panel(frame), goalPanel, RUNNING_GREY), delayMs };
    }),
  );
  const border = success ? SUCCESS_GREEN : FAILURE_RED;
  return [...running, { pixels: sideBySide(await panel(end), goalPanel, border), delayMs: HOLD_MS }];
}

/** `[PANEL_PX, PANEL_PX, 3]` bytes. */
function panel(frame: ImageFrame): Promise<Buffer> {
  return scaledFrame(frame, PANEL_PX).raw().toBuffer();
}

function sideBySide(left: Buffer, right: Buffer, [red, green, blue]: Colour): Buffer {
  const { width, height } = ANIMATION_PX;
  const pixels = Buffer.alloc(width * height * 3, Uint8Array.of(red, green, blue));
  for (let row = 0; row < PANEL_PX; row++) {
    const rowStart = (row + BORDER_PX) * width;
    const from = row * PANEL_PX * 3;
    const to = (row + 1) * PANEL_PX * 3;
    left.copy(pixels, (rowStart + BORDER_PX) * 3, from, to);
    right.copy(pixels, (rowStart + 2 * BORDER_PX + PANEL_PX) * 3, from, to);
  }
  return pixels;
}
