import { AppError } from "../../platform/errors.ts";

export function malformedAccount(account: string): AppError {
  return new AppError(
    "invalid",
    "invalid_address",
    "account must be the address of a player's first wallet (0x and 40 hex digits, in one case or with a correct EIP-55 checksum, or a classic address r… of the XRP Ledger) or demo: and the id of your demo player",
    { details: { account: account.slice(0, 80) } },
  );
}

export function notYourAccount(account: string): AppError {
  return new AppError("forbidden", "not_your_account", "only the account's own session may see this", {
    details: { account },
  });
}
