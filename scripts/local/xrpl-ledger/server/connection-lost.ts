/** Thrown where a fault ends the connection instead of an answer. */
export class ConnectionLost extends Error {
  constructor() {
    super("the connection is closed instead of an answer");
  }
}
