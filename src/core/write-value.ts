/** A value of a parameter as people write it; long lists are cut short. */
export function writeValue(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'string':
      return JSON.stringify(value);
    default:
      if (value === null || value === undefined) return 'nothing';
      return Array.isArray(value) ? writeList(value) : JSON.stringify(value);
  }
}

const shownEntries = 16;

function writeList(list: readonly unknown[]): string {
  const shown = list.slice(0, shownEntries).map(writeValue).join(', ');
  return `[${shown}${list.length > shownEntries ? ', …' : ''}]`;
}
