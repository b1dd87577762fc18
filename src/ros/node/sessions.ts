import type { JointStateMessage } from '../../timeline/joint-state-reader.js';
import type { PlanningSession } from './planning-session.js';

/** The planning session in force, and the one before it, which receives joint states while its robot still brakes. */
export class Sessions {
  #current: PlanningSession | null = null;
  #braking: PlanningSession | null = null;
  #ending: Promise<unknown> = Promise.resolve();
  #robotDescription: string | null = null;

  /** Null while the node is not configured. */
  get current(): PlanningSession | null {
    return this.#current;
  }

  /** Resolves when the planner of the session before has ended; never rejects. */
  get ending(): Promise<unknown> {
    return this.#ending;
  }

  get hasRobotDescription(): boolean {
    return this.#robotDescription !== null;
  }

  begin(session: PlanningSession): void {
    this.#current = session;
    if (this.#robotDescription !== null) session.setRobotDescription(this.#robotDescription);
  }

  /**
   * Ends the session in force, if there is one. Its planner ends once the robot is at rest.
   *
   * @param brakeToRest resolves when the robot is at rest
   * @param report gets what goes wrong meanwhile
   */
  end(brakeToRest: () => Promise<void>, report: (error: unknown) => void): void {
    const session = this.#current;
    if (session === null) {
      // A session that ended before may still brake: it goes on receiving joint states, and `ending` still waits for it.
      brakeToRest().catch(report);
      return;
    }
    this.#current = null;
    this.#braking = session;
    this.#ending = brakeToRest()
      .then(() => {
        if (this.#braking === session) this.#braking = null;
        return session.close();
      })
      .catch(report);
  }

  /** Kept for the sessions that follow. */
  setRobotDescription(urdf: string): void {
    this.#robotDescription = urdf;
    this.#current?.setRobotDescription(urdf);
  }

  /** See {@link PlanningSession.onJointState}. */
  onJointState(message: JointStateMessage, stampNs: bigint, publisher?: string): void {
    this.#braking?.onJointState(message, stampNs, publisher);
    this.#current?.onJointState(message, stampNs, publisher);
  }
}
