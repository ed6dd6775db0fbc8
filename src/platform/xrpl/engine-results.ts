/** What a payment's final result means for the money: paid, or not paid and whose turn it is. */
export type EngineEffect =
  | "success"
  /** May pass later by itself. */
  | "later"
  /** The payee's fault: the money goes back, with the reason. */
  | "payee"
  /** The operator must look; nothing more is sent before. */
  | "operator";

type Meaning = { effect: EngineEffect; text: string };

/**
 * Results that end a payment in a validated ledger, in words (xrpl.org, "tec Codes"; rippled `protocol/TER.cpp`). Every
 * `tec` takes the fee and the ticket and pays nothing.
 */
const OF_PAYMENTS: Readonly<Record<string, Meaning>> = {
  tesSUCCESS: { effect: "success", text: "paid" },

  tecAMM_ACCOUNT: { effect: "payee", text: "the destination is an automated market maker's account" },
  tecDST_TAG_NEEDED: { effect: "payee", text: "the destination wants a destination tag" },
  tecNO_AUTH: { effect: "payee", text: "the issuer has not authorized the destination to hold the currency" },
  tecNO_DST: { effect: "payee", text: "the destination does not exist, and only XRP can create it" },
  tecNO_DST_INSUF_XRP: {
    effect: "payee",
    text: "the destination does not exist, and the amount is below the reserve that would create it",
  },
  tecNO_LINE: { effect: "payee", text: "the destination has no trust line to the issuer" },
  tecNO_PERMISSION: { effect: "payee", text: "the destination does not take deposits from this sender" },
  // Of these two the sender can be the cause as well: too few tokens, a frozen line, an issuer's fee.
  tecPATH_DRY: {
    effect: "payee",
    text: "nothing could be delivered: a trust line is missing, full, frozen or not authorized",
  },
  tecPATH_PARTIAL: {
    effect: "payee",
    text: "not all could be delivered: the destination's trust line has too little room left",
  },
  tecPSEUDO_ACCOUNT: { effect: "payee", text: "the destination belongs to a ledger object, not to a person" },

  tecINCOMPLETE: { effect: "later", text: "only a part of the work was done; more transactions must follow" },
  tecTOO_SOON: { effect: "later", text: "it is too early for this transaction" },

  tecCLAIM: { effect: "operator", text: "only the fee was taken" },
  tecDIR_FULL: { effect: "operator", text: "a directory of the ledger is full" },
  tecEXPIRED: { effect: "operator", text: "something that the transaction names has expired" },
  tecFAILED_PROCESSING: { effect: "operator", text: "the ledger could not process the transaction" },
  tecFROZEN: { effect: "operator", text: "the currency is frozen" },
  tecINSUFFICIENT_FUNDS: { effect: "operator", text: "the sender has too little" },
  tecINSUFFICIENT_RESERVE: { effect: "operator", text: "the sender has too little XRP for the reserve" },
  tecINSUFF_FEE: { effect: "operator", text: "the sender could not pay the fee" },
  tecINSUF_RESERVE_LINE: { effect: "operator", text: "there is too little XRP for a trust line's reserve" },
  tecINTERNAL: { effect: "operator", text: "the ledger met an error of its own" },
  tecINVARIANT_FAILED: { effect: "operator", text: "the ledger refused a result that broke its invariants" },
  tecLIMIT_EXCEEDED: { effect: "operator", text: "a limit of the ledger was exceeded" },
  tecLOCKED: { effect: "operator", text: "the token is locked" },
  tecMAX_SEQUENCE_REACHED: { effect: "operator", text: "the sender's sequence numbers are used up" },
  tecNEED_MASTER_KEY: { effect: "operator", text: "only the master key may do this" },
  tecNO_ALTERNATIVE_KEY: { effect: "operator", text: "it would leave the account without a key" },
  tecNO_ENTRY: { effect: "operator", text: "something that the transaction names does not exist" },
  tecNO_ISSUER: { effect: "operator", text: "the issuer does not exist" },
  tecNO_REGULAR_KEY: { effect: "operator", text: "the account has no regular key" },
  tecNO_TARGET: { effect: "operator", text: "an account that the transaction names does not exist" },
  tecOBJECT_NOT_FOUND: { effect: "operator", text: "an object that the transaction names does not exist" },
  tecOVERSIZE: { effect: "operator", text: "the transaction did too much at once" },
  tecOWNERS: { effect: "operator", text: "the account still owns objects" },
  tecPRECISION_LOSS: { effect: "operator", text: "the amount cannot be kept exactly" },
  tecUNFUNDED: { effect: "operator", text: "the sender has too little XRP" },
  tecUNFUNDED_PAYMENT: { effect: "operator", text: "the sender has too little XRP above its reserve" },
};

/** Results of other transactions than payments. */
const OF_OTHERS = new Set([
  ..."tecAMM_BALANCE tecAMM_EMPTY tecAMM_FAILED tecAMM_INVALID_TOKENS tecAMM_NOT_EMPTY".split(" "),
  ..."tecARRAY_EMPTY tecARRAY_TOO_LARGE tecBAD_CREDENTIALS tecBAD_PROOF".split(" "),
  ..."tecCANT_ACCEPT_OWN_NFTOKEN_OFFER tecCRYPTOCONDITION_ERROR tecDUPLICATE tecEMPTY_DID".split(" "),
  ..."tecHAS_OBLIGATIONS tecINSUFFICIENT_PAYMENT tecINSUF_RESERVE_OFFER tecINVALID_UPDATE_TIME".split(" "),
  ..."tecKILLED tecNFTOKEN_BUY_SELL_MISMATCH tecNFTOKEN_OFFER_TYPE_MISMATCH".split(" "),
  ..."tecNO_LINE_INSUF_RESERVE tecNO_LINE_REDUNDANT tecNO_SPONSOR_PERMISSION".split(" "),
  ..."tecNO_SUITABLE_NFTOKEN_PAGE tecTOKEN_PAIR_NOT_FOUND tecUNFUNDED_ADD tecUNFUNDED_AMM".split(" "),
  ..."tecUNFUNDED_OFFER tecWRONG_ASSET tecXCHAIN_ACCOUNT_CREATE_PAST".split(" "),
  ..."tecXCHAIN_ACCOUNT_CREATE_TOO_MANY tecXCHAIN_BAD_CLAIM_ID".split(" "),
  ..."tecXCHAIN_BAD_PUBLIC_KEY_ACCOUNT_PAIR tecXCHAIN_BAD_TRANSFER_ISSUE tecXCHAIN_CLAIM_NO_QUORUM".split(
    " ",
  ),
  ..."tecXCHAIN_CREATE_ACCOUNT_DISABLED tecXCHAIN_CREATE_ACCOUNT_NONXRP_ISSUE".split(" "),
  ..."tecXCHAIN_INSUFF_CREATE_AMOUNT tecXCHAIN_NO_CLAIM_ID tecXCHAIN_NO_SIGNERS_LIST".split(" "),
  ..."tecXCHAIN_PAYMENT_FAILED tecXCHAIN_PROOF_UNKNOWN_KEY tecXCHAIN_REWARD_MISMATCH".split(" "),
  ..."tecXCHAIN_SELF_COMMIT tecXCHAIN_SENDING_ACCOUNT_MISMATCH tecXCHAIN_WRONG_CHAIN".split(" "),
]);

/**
 * What a result in a validated ledger means. `tecPATH_DRY` and `tecPATH_PARTIAL` do not tell whose fault it was: ask
 * `findPayeeProblem` at the ledger before, and hold the operator responsible where it finds nothing.
 */
export function classifyFinal(result: string): Meaning {
  const known = Object.hasOwn(OF_PAYMENTS, result) ? OF_PAYMENTS[result] : undefined;
  if (known !== undefined) return known;
  return {
    effect: "operator",
    text: isOfOtherTransactions(result)
      ? "no payment ends like this"
      : "a result that this version does not know; see xrpl.org, Transaction Results",
  };
}

/** Whether a result belongs to other transactions than payments. */
export function isOfOtherTransactions(result: string): boolean {
  return OF_OTHERS.has(result);
}

/**
 * A server's word on a submit that says nothing final: tem, tef, tel and ter are retried by the server that said them
 * (`kept`) and by every other that heard of the transaction, and can still become a payment. `terQUEUED` is one of
 * them, though a friendly one.
 */
export function isProvisionalRefusal(result: string): boolean {
  return /^te[mflr]/.test(result);
}
