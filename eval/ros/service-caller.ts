import type { Arrivals } from './demo-arrivals.js';

const POLL_MS = 50;
const ASK_AGAIN_MS = 1000;

/** The part of a service client that the demo uses. */
export interface ServiceClient<Request, Response> {
  readonly serviceName: string;
  isServiceServerAvailable(): boolean;
  sendRequest(request: Request, callback: (response: Response) => void): void;
}

/** Calls services and polls the ROS graph. Each wait rejects with `demo.timeout` or with the reason given to `Arrivals.fail`. */
export class ServiceCaller {
  readonly #arrivals: Arrivals;

  constructor(arrivals: Arrivals) {
    this.#arrivals = arrivals;
  }

  /** The response to one request. */
  async call<Request extends object, Response>(
    client: ServiceClient<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response> {
    const awaited = `answer of service ${client.serviceName}`;
    await this.poll(() => client.isServiceServerAvailable(), awaited, timeoutMs);
    let response: Response | null = null;
    client.sendRequest(request, (answer) => {
      response = answer;
      this.#arrivals.notify();
    });
    await this.#arrivals.until(() => response !== null, awaited, timeoutMs);
    return response as unknown as Response;
  }

  /** Repeats a harmless request until a response arrives. */
  async callUntilAnswered<Request extends object, Response>(
    client: ServiceClient<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<void> {
    const awaited = `first answer of service ${client.serviceName}`;
    await this.poll(() => client.isServiceServerAvailable(), awaited, timeoutMs);
    let answered = false;
    const ask = (): void => {
      client.sendRequest(request, () => {
        answered = true;
        this.#arrivals.notify();
      });
    };
    ask();
    const again = setInterval(ask, ASK_AGAIN_MS);
    try {
      await this.#arrivals.until(() => answered, awaited, timeoutMs);
    } finally {
      clearInterval(again);
    }
  }

  /** Waits for a condition on the ROS graph, which sends no event when it changes. */
  async poll(condition: () => boolean, awaited: string, timeoutMs: number): Promise<void> {
    const timer = setInterval(() => {
      this.#arrivals.notify();
    }, POLL_MS);
    try {
      await this.#arrivals.until(condition, awaited, timeoutMs);
    } finally {
      clearInterval(timer);
    }
  }
}
