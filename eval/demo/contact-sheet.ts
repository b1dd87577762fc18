import sharp, { type Sharp } from 'sharp';
import type { ImageFrame } from '../../src/core/types.js';
import type { EpisodeFrames } from '../episodes/episode-runner.js';
import { svgPicture, svgText } from '../plot/svg.js';

const THUMBNAIL_PX = 96;
const FRAME_PX = 4;
const GAP_PX = 8;
const MAX_ROWS = 10;
const TITLE_PX = 24;
const FONT_PX = 12;
const SUCCESS_GREEN = { r: 34, g: 160, b: 74 };
const FAILURE_RED = { r: 204, g: 41, b: 41 };
const BACKGROUND = { r: 255, g: 255, b: 255 };

const CARD_WIDTH_PX = 3 * THUMBNAIL_PX + 4 * FRAME_PX;
const CARD_HEIGHT_PX = THUMBNAIL_PX + 2 * FRAME_PX;

/** Layout of the cards below the title, column by column: size of the sheet and `[x, y]` of the top left corner of each card, all in pixels. */
export function layOut(episodes: number): { width: number; height: number; corners: [number, number][] } {
  const columns = Math.max(1, Math.ceil(episodes / MAX_ROWS));
  const rows = Math.max(1, Math.ceil(episodes / columns));
  const corners = Array.from({ length: episodes }, (_, index): [number, number] => [
    GAP_PX + Math.floor(index / rows) * (CARD_WIDTH_PX + GAP_PX),
    TITLE_PX + GAP_PX + (index % rows) * (CARD_HEIGHT_PX + GAP_PX),
  ]);
  return {
    width: GAP_PX + columns * (CARD_WIDTH_PX + GAP_PX),
    height: TITLE_PX + GAP_PX + rows * (CARD_HEIGHT_PX + GAP_PX),
    corners,
  };
}

/** The title of a sheet of this width, as an SVG. */
function titleStrip(title: string, width: number): Buffer {
  const characters = Math.floor((width - 2 * GAP_PX) / (0.6 * FONT_PX));
  const shown = title.length > characters ? `${title.slice(0, characters - 1)}…` : title;
  const text = svgText(GAP_PX, TITLE_PX - FONT_PX / 2, shown, { size: FONT_PX });
  return Buffer.from(svgPicture(width, TITLE_PX, [text]));
}

/** An rgb8 frame without its row padding: `[H, W, 3]` bytes. */
function packedRgb(frame: ImageFrame): Buffer {
  const rowBytes = frame.width * 3;
  const packed = Buffer.alloc(rowBytes * frame.height);
  for (let row = 0; row < frame.height; row++) {
    packed.set(frame.data.subarray(row * frame.step, row * frame.step + rowBytes), row * rowBytes);
  }
  return packed;
}

/** An rgb8 frame, scaled to a square. */
export function scaledFrame(frame: ImageFrame, sidePx: number): Sharp {
  return sharp(packedRgb(frame), { raw: { width: frame.width, height: frame.height, channels: 3 } }).resize(
    sidePx,
    sidePx,
    { fit: 'fill' },
  );
}

function thumbnail(frame: ImageFrame): Promise<Buffer> {
  return scaledFrame(frame, THUMBNAIL_PX).png().toBuffer();
}

/**
 * A PNG with a title and one card for each episode: start, goal and end frame side by side, with a green border after success and a red one
 * after failure.
 *
 * @param episodes rgb8 frames, at least one episode
 * @param title one line, which is shortened to the width of the sheet
 */
export async function renderContactSheet(
  episodes: readonly Omit<EpisodeFrames, 'recorded'>[],
  title: string,
): Promise<Buffer> {
  const { width, height, corners } = layOut(episodes.length);
  const cards = await Promise.all(
    episodes.map(async ({ start, goal, end, success }, index) => {
      const [left, top] = corners[index] ?? [0, 0];
      const frame = {
        input: {
          create: {
            width: CARD_WIDTH_PX,
            height: CARD_HEIGHT_PX,
            channels: 3 as const,
            background: success ? SUCCESS_GREEN : FAILURE_RED,
          },
        },
        left,
        top,
      };
      const thumbnails = await Promise.all([start, goal, end].map(thumbnail));
      return [
        frame,
        ...thumbnails.map((input, column) => ({
          input,
          left: left + FRAME_PX + column * (THUMBNAIL_PX + FRAME_PX),
          top: top + FRAME_PX,
        })),
      ];
    }),
  );
  return sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([...cards.flat(), { input: titleStrip(title, width), left: 0, top: 0 }])
    .png()
    .toBuffer();
}
