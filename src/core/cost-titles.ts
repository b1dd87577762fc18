/** What people call the terms of the cost of a plan, by the name that ends `cost_…` in `~/statistics`. No imports: the page of the dashboard shows them, too. */
export const COST_TITLES = {
  distance: 'distance',
  action: 'effort',
  smoothness: 'jerkiness',
  limit: 'nearness to limits',
  total: 'total',
  rest: 'staying at rest',
} as const;

/** A term that has no title is called what it is named. */
export function costTitle(term: string): string {
  return (COST_TITLES as Readonly<Record<string, string>>)[term] ?? term.replaceAll('_', ' ');
}
