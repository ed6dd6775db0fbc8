import type { Queryable } from "../../platform/db/index.ts";
import { InvariantError } from "../../platform/errors.ts";
import { type AccountKey, accountIds } from "../ledger/index.ts";
import type { AccountIds } from "./holds.ts";

const nameOf = (key: AccountKey) => JSON.stringify([key.owner, key.asset]);

/** Looks accounts up, each once, opening players' that are missing. */
export async function accountIdsByKey(q: Queryable, keys: readonly AccountKey[]): Promise<AccountIds> {
  const distinct = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
  const ids = distinct.length === 0 ? [] : await accountIds(q, distinct);
  const byName = new Map(distinct.map((key, i) => [nameOf(key), ids[i]]));
  return (key) => {
    const id = byName.get(nameOf(key));
    if (id === undefined) throw new InvariantError(`account ${nameOf(key)} was not looked up`);
    return id;
  };
}
