/** The one source of wall-clock time in the process, so that tests can set it. The database keeps its own. */
export type Clock = {
  now(): Date;
};

export const systemClock: Clock = {
  now: () => new Date(),
};
