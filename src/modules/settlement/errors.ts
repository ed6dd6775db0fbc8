/** The chain says something that the database cannot have meant: the rail stops until somebody has looked. */
export class WordRefused extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("; "));
    this.name = "WordRefused";
    this.faults = faults;
  }
}

/** What was read as final is not in the chain any more: this is another chain, or finality was broken. */
export class HistoryChanged extends Error {
  constructor(message: string) {
    super(message);
    this.name = "HistoryChanged";
  }
}

/** Chain and configuration do not fit, and nothing was ever read from this vault: it is not begun with. */
export class RailNotStarted extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("; "));
    this.name = "RailNotStarted";
    this.faults = faults;
  }
}
