import type { SubmittableTransaction, Wallet } from "xrpl";
import { systemClock } from "../../src/platform/clock.ts";
import { createLogger } from "../../src/platform/log.ts";
import { createXrplClient } from "../../src/platform/xrpl/client.ts";
import type { LocalXrpl } from "../local/xrpl.ts";
import { sequenceOf, submitReliably } from "../xrpl/submit-reliably.ts";

const MAX_FEE_DROPS = 5_000n;

/** Does something on the local ledger as one of its accounts, and waits until it is validated. */
export async function submitAs(
  { ledger }: LocalXrpl,
  wallet: Wallet,
  transaction: { TransactionType: SubmittableTransaction["TransactionType"] } & Record<string, unknown>,
): Promise<void> {
  const client = createXrplClient({
    urls: [ledger.url],
    networkId: ledger.networkId,
    clock: systemClock,
    log: createLogger({ level: "silent" }),
  });
  try {
    const Account = wallet.classicAddress;
    await submitReliably(
      client,
      { ...transaction, Account },
      {
        wallet,
        sequence: (await sequenceOf(client, Account, "validated")) ?? 0,
        maxFeeDrops: MAX_FEE_DROPS,
        log: () => undefined,
        pollMs: 5,
        onSubmitted: () => ledger.accept(),
      },
    );
  } finally {
    await client.close();
  }
}
