/** Font size, alignment and colour of a text. */
interface TextStyle {
  readonly size?: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
}

/** Colours of the runs in a plot, in order. */
const COLOURS = ['#1b6ca8', '#c0504d', '#7a7a7a', '#4f8a3c'] as const;

export const GREY = '#555';
export const GRID_GREY = '#ddd';

/** Text as the content of an XML element. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text with its baseline at `y`. */
export function svgText(x: number, y: number, content: string | number, style: TextStyle = {}): string {
  const { size = 13, anchor = 'start', fill = '#222' } = style;
  return `<text x="${round(x)}" y="${round(y)}" font-family="DejaVu Sans, sans-serif" font-size="${size}" text-anchor="${anchor}" fill="${fill}">${escapeXml(String(content))}</text>`;
}

export function svgLine(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`;
}

/** A vertical interval with a marker at its value. */
export function svgInterval(
  x: number,
  y: number,
  [low, high]: readonly [number, number],
  colour: string,
): string {
  return `${svgLine(x, low, x, high, colour)}<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="${colour}"/>`;
}

/** A whole picture with a white ground. */
export function svgPicture(width: number, height: number, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="100%" height="100%" fill="white"/>
${content.join('\n')}
</svg>
`;
}

export function colourOf(run: number): string {
  return COLOURS[run % COLOURS.length] ?? COLOURS[0];
}

/** A scale from values to pixels. */
export function linearScale(
  [lowest, highest]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  const span = highest === lowest ? 1 : highest - lowest;
  return (value) => from + ((value - lowest) / span) * (to - from);
}

/** At most about five round numbers that cover [0, highest]. */
export function ticksTo(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

function round(pixels: number): number {
  return Math.round(pixels * 100) / 100;
}
