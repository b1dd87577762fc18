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

/** In a time that grows with the product of the lengths: keys come from files, and trying every split would take forever for a few `**`. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  /** Whether the pattern so far stands for the first `count` parts of the name, for each count. */
  let stands: readonly boolean[] = [true, ...name.map(() => false)];
  for (const part of pattern) {
    if (part === '**') {
      const from = stands.indexOf(true);
      stands = stands.map((_, count) => from >= 0 && count >= from);
    } else {
      const before = stands;
      stands = before.map((_, count) => {
        return count > 0 && before[count - 1] === true && (part === '*' || part === name[count - 1]);
      });
    }
  }
  return stands.at(-1) === true;
}

function partsOf(name: string): string[] {
  return name.split('/').filter((part) => part !== '');
}
