import { at } from './array-access.js';

/**
 * Characters of a name that are compared. Names come from other programs, and the time grows with the product of their lengths: no name of a
 * joint or a parameter is this long.
 */
const COMPARED = 100;

/** Edit distance (Levenshtein): the minimum number of insertions, deletions and substitutions that change `a` to `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, at(previous, column) + 1, at(current, column - 1) + 1));
    }
    previous = current;
  }
  return at(previous, b.length);
}

/** A name that a longer one contains, such as `shoulder` for `shoulder_pan_joint`, has at least this many characters. */
const MIN_CONTAINED = 3;

/** Whether one name may be meant where the other is written: half of the longer one is right, or it contains the shorter one. */
function isLike(name: string, candidate: string, distance: number): boolean {
  const [shorter, longer] = name.length < candidate.length ? [name, candidate] : [candidate, name];
  return distance <= longer.length / 2 || (shorter.length >= MIN_CONTAINED && longer.includes(shorter));
}

/**
 * The candidate that may be meant by a misspelt name: the one with the smallest edit distance, ignoring case and what is beyond 100 characters.
 *
 * @returns null when no candidate resembles the name
 */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  const compared = (text: string): string => text.slice(0, COMPARED).toLowerCase();
  const wanted = compared(name);
  let nearest: string | null = null;
  let smallest = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, compared(candidate));
    if (distance < smallest && isLike(wanted, compared(candidate), distance)) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** The remedy for a name that is not among those known. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === null ? 'Write one of these.' : `Did you mean ${nearest}?`;
}

/** The entries of a comma-separated list, such as `elbow, shoulder`: trimmed, without empty ones. */
export function listedIn(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
