import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import type { Stream } from '../../protocol.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { useChannels, useInView } from '../controls/visibility.js';
import { figure } from '../state/figures.js';
import { writeFixed } from '../text/numbers.js';

const KINDS = { camera: 'camera/', goal: 'goal/', map: 'distance_map/' } as const;

/** What the robot sees, what it is to see, and what differs. */
export function CameraPanel(): JSX.Element {
  const { dashboard, actions } = useApp();
  const [isExplaining, setExplaining] = useState(false);
  const streams = dashboard.streams.value;
  const cameras = streams.filter(({ channel }) => channel.startsWith(KINDS.camera));
  const explain = async (): Promise<void> => {
    setExplaining(true);
    await actions.call({ service: 'explain_distance' }, 'The heat map shows what the distance depends on.');
    setExplaining(false);
  };
  return (
    <Panel
      name="cameras"
      title="What the robot sees"
      tools={
        <button type="button" class="button small" disabled={isExplaining} onClick={() => void explain()}>
          {isExplaining ? 'Computing …' : 'What differs?'}
        </button>
      }
    >
      {cameras.length === 0 ? (
        <p class="empty">No camera yet. Pictures appear as soon as the node subscribes to one.</p>
      ) : (
        cameras.map((camera) => (
          <CameraRow
            key={camera.channel}
            camera={camera}
            streams={streams}
            isOnlyOne={cameras.length === 1}
          />
        ))
      )}
      <GoalDistance />
    </Panel>
  );
}

function CameraRow({
  camera,
  streams,
  isOnlyOne,
}: {
  readonly camera: Stream;
  readonly streams: readonly Stream[];
  readonly isOnlyOne: boolean;
}): JSX.Element {
  const name = camera.channel.slice(KINDS.camera.length);
  const has = (channel: string): boolean => streams.some((stream) => stream.channel === channel);
  const suffix = isOnlyOne ? '' : ` of ${name}`;
  return (
    <div class="pictures">
      <Picture channel={camera.channel} title={isOnlyOne ? 'Camera' : name} none="no picture yet" />
      <Picture
        channel={KINDS.goal + name}
        title={`Goal${suffix}`}
        none={has(KINDS.goal + name) ? 'no goal image' : 'not published'}
      />
      <Picture
        channel={KINDS.map + name}
        title={`Differs${suffix}`}
        none={has(KINDS.map + name) ? 'on demand' : 'not published'}
      />
    </div>
  );
}

/** Distance to the goal, and the state of the goal. */
function GoalDistance(): JSX.Element {
  const { dashboard } = useApp();
  const distance = figure(dashboard.statistics.value, 'goal_distance');
  const tolerance = dashboard.value('goal.tolerance').value;
  const state = dashboard.goal.value?.state ?? 'none';
  return (
    <p class="goal-line">
      <span>
        Goal: <strong>{state.replace('_', ' ')}</strong>
      </span>
      <span>
        distance <strong class="figure">{writeFixed(distance, 2)}</strong>
        {typeof tolerance === 'number' ? ` (reached at ${writeFixed(tolerance, 2)})` : ''}
      </span>
    </p>
  );
}

/** One channel of pictures on a canvas of constant place. */
function Picture({
  channel,
  title,
  none,
}: {
  readonly channel: string;
  readonly title: string;
  readonly none: string;
}): JSX.Element {
  const { pictures } = useApp();
  const [element, isInView] = useInView<HTMLElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState('');
  useChannels([channel], isInView);
  useEffect(() => {
    if (!isInView) return undefined;
    let frame = 0;
    const stop = pictures.show(channel, (picture) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        draw(canvas.current, picture);
        setSize(picture === null ? '' : `${String(picture.width)} × ${String(picture.height)}`);
      });
    });
    return () => {
      cancelAnimationFrame(frame);
      stop();
    };
  }, [channel, isInView, pictures]);
  return (
    <figure ref={element} class="picture" data-channel={channel} data-shown={size !== ''}>
      <div class="picture-frame">
        <canvas
          ref={canvas}
          width="1"
          height="1"
          role="img"
          aria-label={`${title}${size === '' ? `: ${none}` : ''}`}
        />
        {size === '' ? (
          <span class="picture-none" aria-hidden="true">
            {none}
          </span>
        ) : null}
      </div>
      <figcaption>
        {title} <span class="soft picture-size">{size}</span>
      </figcaption>
    </figure>
  );
}

function draw(canvas: HTMLCanvasElement | null, picture: ImageBitmap | null): void {
  if (canvas === null) return;
  if (picture === null) {
    canvas.width = 1;
    canvas.height = 1;
    return;
  }
  // A picture that was replaced meanwhile is closed, and has no size.
  if (picture.width === 0) return;
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
  }
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
}
