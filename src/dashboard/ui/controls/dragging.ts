import { useEffect, useRef, useState } from 'preact/hooks';

/**
 * The value of a slider while it is moved: what a person has chosen, until the node has taken or refused the last of it, and what is in force
 * otherwise.
 *
 * @param inForce the value of the node
 * @param set resolves with whether the newest value was taken
 * @returns the value to show, and what to do with a new one
 */
export function useDragging(
  inForce: number,
  set: (value: number) => Promise<boolean>,
): readonly [shown: number, drag: (value: number) => void] {
  const [dragged, setDragged] = useState<number | null>(null);
  const pending = useRef(0);
  const newest = useRef(inForce);
  const before = useRef(inForce);
  newest.current = inForce;
  useEffect(() => {
    if (pending.current === 0) setDragged(null);
  }, [inForce]);
  const drag = (value: number): void => {
    if (pending.current === 0) before.current = inForce;
    pending.current += 1;
    setDragged(value);
    void set(value).then((isTaken) => {
      pending.current -= 1;
      // The change of the value may arrive after the answer: until then the chosen one is shown.
      const isSettled = !isTaken || newest.current !== before.current;
      if (pending.current === 0 && isSettled) setDragged(null);
    });
  };
  return [dragged ?? inForce, drag];
}
