import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';

import {
  committedS,
  momentText,
  overviewCharts,
  planCharts,
  SOURCES,
  sourceTitle,
  summarySentences,
  type MomentText,
  type Source,
  type WhatIf,
} from '../../../recording/what-if-view.js';
import { ComparisonChart } from '../plots/comparison-chart.js';

type Titles = Readonly<Record<Source, string>>;

export interface ReplayViewProps {
  readonly report: WhatIf;
  /** Names the replay whose pictures belong to it. */
  readonly run: string;
}

/** What was planned at each moment of a recording, and what was planned again, with a slider over the moments. */
export function ReplayView({ report, run }: ReplayViewProps): JSX.Element {
  const [index, setIndex] = useState(0);
  const overview = useMemo(() => overviewCharts(report), [report]);
  const moment = report.moments[index];
  const plans = useMemo(() => (moment === undefined ? [] : planCharts(report, moment)), [report, moment]);
  const titles: Titles = { recorded: sourceTitle('recorded', report), again: sourceTitle('again', report) };
  return (
    <>
      <div class="replay-summary">
        {summarySentences(report).map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <Changed changed={report.changed} />
      {moment === undefined ? null : (
        <>
          <MomentSlider
            text={momentText(moment)}
            index={index}
            last={report.moments.length - 1}
            onChange={setIndex}
          />
          <div class="replay-moment">
            {report.cameras.length === 0 ? null : (
              <div class="pictures">
                {report.cameras.map((camera, place) => (
                  <RecordedPicture key={camera} run={run} moment={index} camera={place} name={camera} />
                ))}
              </div>
            )}
            <MomentFigures text={momentText(moment)} titles={titles} />
          </div>
          <h3>The plan of this moment</h3>
          <div class="small-multiples">
            {plans.map((chart) => (
              <ComparisonChart
                key={chart.title}
                chart={chart}
                markS={committedS(report, moment)}
                place={moment.committed}
                titles={titles}
                over="the horizon"
              />
            ))}
          </div>
          <h3>The whole recording</h3>
          <div class="small-multiples">
            {overview.map((chart) => (
              <ComparisonChart
                key={chart.title}
                chart={chart}
                markS={moment.timeS}
                place={index}
                titles={titles}
                over="the recording"
              />
            ))}
          </div>
        </>
      )}
    </>
  );
}

function Changed({ changed }: { readonly changed: WhatIf['changed'] }): JSX.Element | null {
  const entries = Object.entries(changed);
  if (entries.length === 0) return null;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Changed parameters">
      <table>
        <thead>
          <tr>
            <th scope="col">changed parameter</th>
            <th scope="col">recorded {'->'} replayed</th>
          </tr>
        </thead>
        <tbody>
          {entries.map(([name, change]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{change}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MomentSlider({
  text,
  index,
  last,
  onChange,
}: {
  readonly text: MomentText;
  readonly index: number;
  readonly last: number;
  readonly onChange: (index: number) => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="moment">
      <div class="row-head">
        <label for={id}>Moment of the recording</label>
        <output for={id} class="figure">
          {text.title}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={last}
        step={1}
        value={index}
        aria-valuetext={text.title}
        onInput={({ currentTarget }) => {
          onChange(Number(currentTarget.value));
        }}
      />
    </div>
  );
}

/** The two plans in numbers, and their cost by term. */
function MomentFigures({
  text: { plans, terms },
  titles,
}: {
  readonly text: MomentText;
  readonly titles: Titles;
}): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="The two plans of this moment">
      <table>
        <thead>
          <tr>
            <td />
            {SOURCES.map((source) => (
              <th key={source} scope="col">
                {titles[source]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">plan</th>
            {SOURCES.map((source) => (
              <td key={source}>{plans[source]}</td>
            ))}
          </tr>
          {terms.map((term) => (
            <tr key={term.title}>
              <th scope="row">cost: {term.title}</th>
              {SOURCES.map((source) => (
                <td key={source}>{term[source]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a camera showed. While a picture is on its way, only the newest that was asked for waits. */
function RecordedPicture({
  run,
  moment,
  camera,
  name,
}: {
  readonly run: string;
  readonly moment: number;
  readonly camera: number;
  readonly name: string;
}): JSX.Element {
  const [shown, setShown] = useState(moment);
  const [isMissing, setMissing] = useState(false);
  const isLoading = useRef(true);
  const wanted = useRef(moment);
  useEffect(() => {
    wanted.current = moment;
    if (isLoading.current || moment === shown) return;
    isLoading.current = true;
    setShown(moment);
  }, [moment, shown]);
  const settle = (isThere: boolean): void => {
    setMissing(!isThere);
    isLoading.current = wanted.current !== shown;
    setShown(wanted.current);
  };
  return (
    <figure class="picture">
      <div class="picture-frame">
        <img
          src={`/replay/${run}/${String(shown)}/${String(camera)}.jpg`}
          alt={`What camera ${name} showed at this moment`}
          hidden={isMissing}
          onLoad={() => {
            settle(true);
          }}
          onError={() => {
            settle(false);
          }}
        />
        {isMissing ? <span class="picture-none">no picture</span> : null}
      </div>
      <figcaption>{name}</figcaption>
    </figure>
  );
}
