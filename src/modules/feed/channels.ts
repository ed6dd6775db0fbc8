import { AppError } from "../../platform/errors.ts";
import { parseWalletAddress } from "../auth/index.ts";
import { channelInvalid, notYourAccount, sessionRequired } from "./errors.ts";

/** The public channel. */
export const FEED = "feed";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The channel of an account. The name is also the room's; no socket id and no other room has a name like it. */
export function accountChannel(account: string): string {
  return `account:${account}`;
}

/** The one spelling of a channel: addresses get their checksum, so that any case finds the same channel. */
export function parseChannel(text: string): string {
  if (text === FEED) return FEED;
  const account = text.startsWith("account:") ? text.slice("account:".length) : "";
  if (account.startsWith("demo:") && UUID.test(account.slice("demo:".length))) return accountChannel(account);
  try {
    return accountChannel(parseWalletAddress(account, { field: "channel" }));
  } catch (error) {
    if (error instanceof AppError) throw channelInvalid(text);
    throw error;
  }
}

/** An account's channel is for that account's own session. */
export function requireAccess(channel: string, session: { account: string } | undefined): void {
  if (session === undefined) throw sessionRequired("an account's channel");
  if (channel !== accountChannel(session.account)) throw notYourAccount(channel);
}
