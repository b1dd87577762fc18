import { useEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

import { useApp } from '../app.js';

/** A little before it scrolls into view, so that it is not empty then. */
const MARGIN = '120px';

/** Whether an element is in view, or nearly so. */
export function useInView<Shown extends HTMLElement>(): readonly [RefObject<Shown | null>, boolean] {
  const element = useRef<Shown>(null);
  const [isInView, setInView] = useState(false);
  useEffect(() => {
    const shown = element.current;
    if (shown === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        setInView(entries.at(-1)?.isIntersecting === true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(shown);
    return () => {
      observer.disconnect();
    };
  }, []);
  return [element, isInView];
}

/** Has the server send these channels while `isWanted`. */
export function useChannels(channels: readonly string[], isWanted: boolean): void {
  const { watching } = useApp();
  const key = channels.join('\n');
  useEffect(
    () => (isWanted && key !== '' ? watching.watch(key.split('\n')) : undefined),
    [key, isWanted, watching],
  );
}

/** Has something drawn by the page's loop while `isWanted`. */
export function useDrawing(draw: (nowS: number) => void, isWanted: boolean): void {
  const { loop } = useApp();
  const newest = useRef(draw);
  newest.current = draw;
  useEffect(() => {
    if (!isWanted) return undefined;
    return loop.add({
      draw: (nowS) => {
        newest.current(nowS);
      },
    });
  }, [isWanted, loop]);
}
