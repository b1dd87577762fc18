import type { ParameterValue, ServerMessage } from '../protocol.js';

/** Kept log lines of the node. */
const LOG_LINES = 200;

type Kind = ServerMessage['type'];

/** What a page that has just connected has to be sent, in this order. */
const LASTING = [
  'node',
  'streams',
  'schema',
  'robot',
  'operator',
  'goal',
  'diagnostics',
  'profiles',
  'replay',
] as const;
type Lasting = (typeof LASTING)[number];

function isLasting(kind: Kind): kind is Lasting {
  return (LASTING as readonly Kind[]).includes(kind);
}

/** The newest message of each kind that stays valid, for pages that connect later. */
export class StateBoard {
  readonly #newest = new Map<Lasting, ServerMessage>();
  readonly #values = new Map<string, ParameterValue>();
  readonly #log: ServerMessage[] = [];

  note(message: ServerMessage): void {
    if (isLasting(message.type)) this.#newest.set(message.type, message);
    if (message.type === 'schema') this.#values.clear();
    if (message.type === 'parameters')
      for (const [name, value] of Object.entries(message.values)) this.#values.set(name, value);
    if (message.type === 'log') {
      this.#log.push(message);
      if (this.#log.length > LOG_LINES) this.#log.shift();
    }
  }

  /** Messages that bring a page up to date. */
  get present(): readonly ServerMessage[] {
    const lasting = LASTING.flatMap((kind) => this.#newest.get(kind) ?? []);
    const values: ServerMessage[] =
      this.#values.size === 0 ? [] : [{ type: 'parameters', values: Object.fromEntries(this.#values) }];
    return [...lasting, ...values, ...this.#log];
  }
}
