/** What the ledger's own accounts are for. */
const NAMES: Readonly<Record<string, { name: string; meaning: string }>> = {
  "house:issuance": {
    name: "Issued for taps",
    meaning: "Below zero by what players were given for their taps",
  },
  "house:demo_issuance": {
    name: "Issued in demo sessions",
    meaning: "Below zero by what demo sessions were given",
  },
  "house:exchange": {
    name: "Taken in for payouts",
    meaning: "COIN that players gave for what they were paid",
  },
  "house:external": { name: "Outside", meaning: "Below zero by what lies on the chains" },
  "house:rewards": { name: "Rewards", meaning: "What payouts are paid from" },
  "house:fees": { name: "Fees of chains", meaning: "Below zero by what the XRP Ledger took for payments" },
  "house:credited": { name: "Owed by the vault", meaning: "For payees that refused their payment" },
};

export function houseName(owner: string): string {
  return NAMES[owner]?.name ?? (owner.startsWith("player:") ? "The player's balance" : owner);
}

export function houseMeaning(owner: string): string | null {
  return NAMES[owner]?.meaning ?? null;
}
