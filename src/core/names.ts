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

/** The candidate with the smallest edit distance to `name`, ignoring case and what is beyond 100 characters; null when there are no candidates. */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  let nearest: string | null = null;
  let smallest = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(
      name.slice(0, COMPARED).toLowerCase(),
      candidate.slice(0, COMPARED).toLowerCase(),
    );
    if (distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** The entries of a comma-separated list, such as `elbow, shoulder`: trimmed, without empty ones. */
export function listedIn(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
