const NAMES: Readonly<Record<string, string>> = {
  payout_proposed: "Proposed a payout",
  payout_approved: "Approved a payout",
  payout_rejected: "Rejected a payout",
  payout_expired: "A payout expired unsigned",
  approval_revoked: "Took a signature back",
  rail_paused: "Paused payouts",
  rail_resumed: "Resumed payouts",
  foreign_nonce_use: "The operator's key was used elsewhere",
  "clicks.suspected": "Clicking looked like a program's",
  "wallet.linked": "Linked a wallet",
  "wallet.unlinked": "Unlinked a wallet",
  "wallet.pay_to": "Chose another wallet to be paid at",
  "session.refresh_reused": "A session's token was used twice",
};

export const KNOWN_ACTIONS = Object.keys(NAMES);

/** In words; one that is not known is shown as the log has it. */
export function actionName(action: string): string {
  return NAMES[action] ?? action;
}
