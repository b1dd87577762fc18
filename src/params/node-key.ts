/**
 * Whether the parameters under a key of a parameter file are for a node, as rclcpp decides it: `*` stands for one part of the name, `**`
 * for any number of parts, and a name without a leading slash is in the root namespace.
 *
 * @param key such as `/**`, `planner_node` or `/robot1/*`
 * @param fullName with its namespace, such as `/robot1/planner_node`
 */
export function isForNode(key: string, fullName: string): boolean {
  return matches(partsOf(key), partsOf(fullName));
}

/** Whether a key holds for more nodes than one. */
export function hasWildcard(key: string): boolean {
  return partsOf(key).some((part) => part === '*' || part === '**');
}

function matches(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === '**') return matches(rest, name) || (name.length > 0 && matches(pattern, name.slice(1)));
  return name.length > 0 && (first === '*' || first === name[0]) && matches(rest, name.slice(1));
}

function partsOf(name: string): string[] {
  return name.split('/').filter((part) => part !== '');
}
