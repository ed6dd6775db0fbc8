/** Where the toys keep what they sign with: readable in this browser, and worth nothing outside of local chains. */
export const TOY_KEY = "cc.toy-key";
export const XRPL_TOY_SEED = "cc.toy-xrpl-seed";

/** Whether there is one; opening a toy makes one. */
export const hasToy = (key: typeof TOY_KEY | typeof XRPL_TOY_SEED): boolean =>
  localStorage.getItem(key) !== null;
