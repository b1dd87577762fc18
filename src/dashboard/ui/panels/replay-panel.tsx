import type { JSX } from 'preact';
import { useCallback, useEffect, useId, useState } from 'preact/hooks';

import type { RecordingInfo, RecordingList, ReplayState } from '../../replay-protocol.js';
import type { WhatIf } from '../../../recording/what-if-view.js';
import { useApp } from '../app.js';
import { Panel } from '../controls/panel.js';
import { ReplayView } from './replay-view.js';

/** Makes the plans of a recording again, perhaps with the values of a profile, and shows both beside each other. */
export function ReplayPanel(): JSX.Element {
  return (
    <Panel name="replay" title="Replay" note="a recording, planned again" class="wide" isOpenAtFirst={false}>
      <Replay />
    </Panel>
  );
}

function Replay(): JSX.Element {
  const { dashboard, actions } = useApp();
  const [list, setList] = useState<RecordingList | null>(null);
  const [refusal, setRefusal] = useState('');
  const isConnected = dashboard.link.value.kind === 'open';
  const state = dashboard.replay.value;
  const refresh = useCallback(async (): Promise<void> => {
    const answer = await actions.attempt({ type: 'list_recordings' });
    setRefusal(answer.refusal);
    setList(listIn(answer.data));
  }, [actions]);
  useEffect(() => {
    if (isConnected) void refresh();
  }, [isConnected, refresh]);
  const start = async (recording: string, profile: string | null): Promise<void> => {
    setRefusal((await actions.attempt({ type: 'start_replay', recording, profile })).refusal);
  };
  return (
    <>
      {list === null ? null : (
        <Choice
          list={list}
          profiles={dashboard.profiles.value}
          isRunning={state?.phase === 'running'}
          onStart={start}
          onRefresh={refresh}
        />
      )}
      {refusal === '' ? null : <p class="refusal">{refusal}</p>}
      {state === null ? null : <Outcome key={state.run} state={state} />}
    </>
  );
}

interface ChoiceProps {
  readonly list: RecordingList;
  readonly profiles: readonly string[];
  readonly isRunning: boolean;
  readonly onStart: (recording: string, profile: string | null) => Promise<void>;
  readonly onRefresh: () => Promise<void>;
}

/** Which recording, and with which values. */
function Choice({ list, profiles, isRunning, onStart, onRefresh }: ChoiceProps): JSX.Element {
  const { folder, recordings } = list;
  const [chosen, setChosen] = useState('');
  const [profile, setProfile] = useState('');
  const [recordingId, profileId] = [useId(), useId()];
  // The newest, unless one was chosen that is still there.
  const recording = recordings.find(({ name }) => name === chosen)?.name ?? recordings[0]?.name ?? '';
  const values = profiles.includes(profile) ? profile : '';
  if (recordings.length === 0)
    return (
      <div class="actions">
        <p class="empty">
          No recordings in {folder}. Set the parameter recording.enabled to true to make one, or start the
          dashboard with --recordings FOLDER.
        </p>
        <button type="button" class="button" onClick={() => void onRefresh()}>
          Look again
        </button>
      </div>
    );
  return (
    <form
      class="replay-form"
      onSubmit={(event) => {
        event.preventDefault();
        void onStart(recording, values === '' ? null : values);
      }}
    >
      <div>
        <label for={recordingId}>Recording</label>
        <select
          id={recordingId}
          class="field"
          value={recording}
          onChange={({ currentTarget }) => {
            setChosen(currentTarget.value);
          }}
        >
          {recordings.map((info) => (
            <option key={info.name} value={info.name}>
              {recordingText(info)}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for={profileId}>Plan with</label>
        <select
          id={profileId}
          class="field"
          value={values}
          onChange={({ currentTarget }) => {
            setProfile(currentTarget.value);
          }}
        >
          <option value="">the recorded values</option>
          {profiles.map((name) => (
            <option key={name} value={name}>
              {`the values of profile ${name}`}
            </option>
          ))}
        </select>
      </div>
      <div class="actions">
        <button type="submit" class="button primary" disabled={isRunning}>
          Replay
        </button>
        <button type="button" class="button" onClick={() => void onRefresh()}>
          Look again<span class="sr-only"> for recordings</span>
        </button>
      </div>
    </form>
  );
}

/** How far the replay is, and what came of it. */
function Outcome({ state }: { readonly state: ReplayState }): JSX.Element {
  const { phase, run, message, plans } = state;
  switch (phase) {
    case 'running':
      return <Progress state={state} />;
    case 'failed':
      return (
        <p class="refusal" role="alert">
          {titleOf(state)}: {message}
        </p>
      );
    case 'cancelled':
      return (
        <p class="soft" role="status">
          {titleOf(state)} was cancelled after {plans} plans.
        </p>
      );
    case 'done':
      return <Result run={run} title={titleOf(state)} />;
  }
}

function Progress({ state }: { readonly state: ReplayState }): JSX.Element {
  const { actions } = useApp();
  const { share, plans } = state;
  const id = useId();
  return (
    <div class="replay-progress">
      <label for={id}>{titleOf(state)}</label>
      <progress id={id} max={1} value={share} />
      <span class="figure">
        {Math.floor(100 * share)} %, {plans} plans
      </span>
      <button type="button" class="button" onClick={() => void actions.ask({ type: 'cancel_replay' }, '')}>
        Cancel
      </button>
    </div>
  );
}

/** Fetches what the server keeps of a replay that is done. */
function Result({ run, title }: { readonly run: string; readonly title: string }): JSX.Element {
  const [report, setReport] = useState<WhatIf | null>(null);
  const [failure, setFailure] = useState('');
  useEffect(() => {
    const abort = new AbortController();
    fetchReport(run, abort.signal)
      .then(setReport)
      .catch((error: unknown) => {
        if (!abort.signal.aborted)
          setFailure(
            `The result cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
          );
      });
    return () => {
      abort.abort();
    };
  }, [run]);
  if (failure !== '')
    return (
      <p class="refusal" role="alert">
        {failure}
      </p>
    );
  return (
    <>
      <p role="status">
        <strong>{title}</strong>
        {report === null ? ': loading …' : ' is done.'}
      </p>
      {report === null ? null : <ReplayView report={report} run={run} />}
    </>
  );
}

async function fetchReport(run: string, signal: AbortSignal): Promise<WhatIf> {
  const response = await fetch(`/replay/${run}/result.json`, { signal });
  if (!response.ok) throw new RangeError(`the server answers ${String(response.status)}`);
  // Its fields are the server's to get right: both come from one build.
  return (await response.json()) as WhatIf;
}

function titleOf({ recording, profile }: ReplayState): string {
  return `Replay of ${recording}${profile === null ? '' : ` with ${profile}`}`;
}

function recordingText({ name, bytes, modifiedMs }: RecordingInfo): string {
  return `${name} (${(bytes / 1e6).toFixed(1)} MB, ${new Date(modifiedMs).toLocaleString()})`;
}

function listIn(data: unknown): RecordingList | null {
  return typeof data === 'object' && data !== null && 'recordings' in data ? (data as RecordingList) : null;
}
