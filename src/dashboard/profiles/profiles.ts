import { isDeepStrictEqual } from 'node:util';

import { editProfile } from '../../params/edit-profile.js';
import { profileValues } from '../../params/profile-values.js';
import { isPlanningParameter } from '../../params/schema.js';
import type {
  Comparable,
  ParameterInfo,
  ParameterValue,
  ProfileDifference,
  ProfileLoad,
} from '../protocol.js';
import type { Outcome } from '../server/hub.js';
import type { ProfileStore } from './profile-store.js';

/** Arguments of services, which no profile should have. */
const ARGUMENTS: readonly string[] = ['goal.name', 'goal.file'];

/** The parameters of a running node, as profiles need them. */
export interface NodeParameters {
  readonly infos: ReadonlyMap<string, ParameterInfo>;
  /** @throws JepaMpcError `dashboard.no-answer` while they are not known */
  requireValues(): ReadonlyMap<string, ParameterValue>;
  /** Sets all of these or none. */
  set(values: Readonly<Record<string, ParameterValue>>): Promise<Outcome>;
}

/** Saves the parameters of a node as profiles, and sets them from profiles. */
export class Profiles {
  readonly #store: ProfileStore;
  readonly #node: string;
  readonly #parameters: NodeParameters;

  /** @param node full name of the planner, which decides what of a profile is for it */
  constructor(store: ProfileStore, node: string, parameters: NodeParameters) {
    this.#store = store;
    this.#node = node;
    this.#parameters = parameters;
  }

  /** Saves the values that are not at their defaults. A profile of this name keeps its comments, and gets the present values of what it names. */
  async save(name: string): Promise<Outcome> {
    const values = this.#present();
    const before = await this.#store.find(name);
    const text = editProfile(before, this.#store.fileOf(name), this.#node, values, (parameter) => {
      const standard = this.#parameters.infos.get(parameter)?.defaultValue ?? null;
      return standard !== null && !isDeepStrictEqual(values.get(parameter), standard);
    });
    await this.#store.write(name, text);
    return { ok: true, message: `saved as ${this.#store.fileOf(name)}` };
  }

  /**
   * Sets the node to a profile, all of it or nothing. What a plan depends on and the profile does not name goes back to its default; everything else
   * that it does not name (limits, speed, goals) stays: loading a profile must not make the robot faster without saying so.
   */
  async load(name: string): Promise<Outcome> {
    const present = this.#parameters.requireValues();
    const wanted = await this.#read(name);
    const dynamic: Record<string, ParameterValue> = {};
    const fixed: Record<string, ParameterValue> = {};
    const readOnly: string[] = [];
    for (const { name: parameter, change, defaultValue } of this.#parameters.infos.values()) {
      const value = wanted.get(parameter) ?? (isPlanningParameter(parameter) ? defaultValue : null);
      if (value === null || isDeepStrictEqual(value, present.get(parameter))) continue;
      if (change === 'dynamic') dynamic[parameter] = value;
      else if (change === 'static') fixed[parameter] = value;
      else readOnly.push(parameter);
    }
    if (Object.keys(fixed).length > 0) {
      // The node decides: it takes static ones while it is not configured.
      const both = await this.#set({ ...dynamic, ...fixed }, readOnly);
      if (both.ok) return both;
    }
    return this.#set(dynamic, [...Object.keys(fixed), ...readOnly]);
  }

  async #set(values: Readonly<Record<string, ParameterValue>>, kept: readonly string[]): Promise<Outcome> {
    const data: ProfileLoad = { changed: Object.keys(values), kept: [...kept] };
    const outcome: Outcome =
      data.changed.length === 0 ? { ok: true, message: '' } : await this.#parameters.set(values);
    return outcome.ok ? { ok: true, message: outcome.message, data } : outcome;
  }

  /** The parameters in which two differ, by name. */
  async compare(left: Comparable, right: Comparable): Promise<readonly ProfileDifference[]> {
    const [a, b] = [await this.#valuesOf(left), await this.#valuesOf(right)];
    const names = [...new Set([...a.keys(), ...b.keys()])].sort();
    return names
      .filter((name) => !ARGUMENTS.includes(name))
      .map((name) => ({ name, left: a.get(name) ?? null, right: b.get(name) ?? null }))
      .filter((difference) => !isDeepStrictEqual(difference.left, difference.right));
  }

  /** Of every parameter: what a profile does not name has its default. */
  async #valuesOf(one: Comparable): Promise<ReadonlyMap<string, ParameterValue>> {
    if (one.kind === 'present') return this.#present();
    const values = new Map<string, ParameterValue>();
    for (const { name, defaultValue } of this.#parameters.infos.values())
      if (defaultValue !== null) values.set(name, defaultValue);
    if (one.kind === 'profile')
      for (const [name, value] of await this.#read(one.name)) values.set(name, value);
    return values;
  }

  #present(): ReadonlyMap<string, ParameterValue> {
    return new Map(
      [...this.#parameters.requireValues()].filter(
        ([name]) =>
          !ARGUMENTS.includes(name) && (this.#parameters.infos.get(name)?.defaultValue ?? null) !== null,
      ),
    );
  }

  /** @throws JepaMpcError `profile.*`, and `params.invalid` for what the node would not take */
  async #read(name: string): Promise<ReadonlyMap<string, ParameterValue>> {
    const text = await this.#store.read(name);
    const values = profileValues(text, `profile ${this.#store.fileOf(name)}`, this.#node);
    return new Map([...values].map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]));
  }
}
