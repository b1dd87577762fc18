/** The entries of a list that people write with commas between, such as `elbow, shoulder`: trimmed, empty ones left out. */
export function listedIn(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
