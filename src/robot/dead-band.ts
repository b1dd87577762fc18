/** An entry of an action, 0 where its magnitude is in the dead band. */
export function outsideDeadBand(value: number, band: number): number {
  return Math.abs(value) < band ? 0 : value;
}
