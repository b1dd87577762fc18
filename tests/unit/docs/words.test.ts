import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './files.js';

/** Where prose and names have to be plain English. */
const CHECKED = [
  ...['src', 'eval', 'packages', 'docs', 'training', 'sim', 'launch', 'scripts', 'bench'],
  ...['config', 'examples', 'interfaces', 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
];

const TEXT = /\.(ts|mjs|cjs|js|py|md|ya?ml|json|toml|txt|sdf|cc|hh|action|xml)$|^scripts\/[^.]+$|CMakeLists/;
const GENERATED = /onnx_pb\.ts$/;

/** A word or name that must not occur, and what to write instead. */
interface BannedWord {
  readonly word: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

const BANNED: readonly BannedWord[] = [
  { word: 'told', pattern: /\btold\b/i, instead: 'what happens: reported, passed, given, commanded' },
  { word: 'dearer, dearest', pattern: /\bdear(er|est)\b/i, instead: 'more expensive, most expensive' },
  { word: 'wish', pattern: /(?<!hards)wish/i, instead: 'request, requirement' },
  { word: 'shapely', pattern: /shapely/i, instead: 'what it is' },
  { word: 'how-manieth', pattern: /how-?manieth/i, instead: 'index' },
  { word: 'gone for', pattern: /\bgone for\b/i, instead: 'pursued' },
  { word: 'relieved', pattern: /reliev/i, instead: 'fallback' },
  { word: 'strike', pattern: /\bstruck\b|strik(e|ing)/i, instead: 'close, stop, fault count' },
  { word: 'heard', pattern: /\bheard\b/i, instead: 'received, has subscribers' },
  { word: 'hears of', pattern: /\bhears? of\b/i, instead: 'receives, is notified' },
  { word: 'Beside', pattern: /\bBeside\b|#beside\b|\bbeside\??:/, instead: 'pending, concurrently' },
  {
    word: 'Order (as a type)',
    pattern: /\b(interface|type|class) Order\b|[:<] ?(readonly )?Order\b(?! of\b)|\bOrder(\[\]|>)/,
    instead: 'what it is',
  },
  {
    word: 'ALONE, TOGETHER',
    pattern: /\b(ALONE|TOGETHER)\b|\btogether(=|: bool|\.py\b)|\.together\b/,
    instead: 'single process, distributed',
  },
  { word: 'Seven', pattern: /\bSeven\b(?! \w+s\b)/, instead: 'what it is' },
  { word: 'obstacle', pattern: /obstacle/i, instead: 'precondition, blocker' },
  { word: 'goes before', pattern: /\bgoes before\b/i, instead: 'overrides' },
  { word: 'manieth', pattern: /\bmanieth\b/i, instead: 'index' },
];

/** Lines with a banned word in its real meaning, by a part of the line. */
const ALLOWED: readonly { readonly word: string; readonly line: RegExp }[] = [
  // Things in the way of a robot.
  { word: 'obstacle', line: /\b(left and right of|around|behind|into|avoids?) (an|the) obstacles?\b/ },
];

function findings(path: string): string[] {
  return readFileSync(join(ROOT, path), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      BANNED.filter(
        ({ word, pattern }) =>
          pattern.test(line) && !ALLOWED.some((allowed) => allowed.word === word && allowed.line.test(line)),
      ).map(({ word, instead }) => `${path}:${index + 1}: '${word}' (instead: ${instead}): ${line.trim()}`),
    );
}

describe('words', () => {
  it('are those of the field and of plain English', () => {
    const files = CHECKED.flatMap(filesBelow).filter((path) => TEXT.test(path) && !GENERATED.test(path));
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap(findings)).toEqual([]);
  });

  it.each([
    ['told', 'It is told each line.'],
    ['dearer, dearest', 'from the cheapest to the dearest'],
    ['wish', 'export interface RolloutWish {'],
    ['how-manieth', '/** The how-manieth plan. */'],
    ['relieved', 'class RelievedPlanner {'],
    ['strike', 'await stage.strike();'],
    ['heard', 'readonly #heard = {'],
    ['Beside', 'interface Beside {'],
    ['Order (as a type)', '  readonly order: Order;'],
    ['Order (as a type)', 'interface Order {'],
    ['ALONE, TOGETHER', 'if mode is ALONE:'],
    ['ALONE, TOGETHER', 'from .together import Group'],
    ['Seven', 'class Seven:'],
    ['obstacle', 'There is an obstacle to activation.'],
    ['goes before', 'goes before it unless empty'],
  ])('%s is found in: %s', (word, line) => {
    expect(BANNED.filter(({ pattern }) => pattern.test(line)).map((banned) => banned.word)).toContain(word);
  });

  it.each([
    'In order of arrival',
    'The order: joints first.',
    'camera_info beside it',
    'Seven objects kept a time',
  ])('nothing is found in: %s', (line) => {
    expect(BANNED.filter(({ pattern }) => pattern.test(line))).toEqual([]);
  });
});
