/** The names in an answer of the server; none where it has none. */
export function namesIn(data: unknown): readonly string[] {
  const names: unknown = typeof data === 'object' && data !== null && 'names' in data ? data.names : [];
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}
