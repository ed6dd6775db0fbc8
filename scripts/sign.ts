import { text } from "node:stream/consumers";
import { type TypedDataDomain, type TypedDataField, Wallet } from "ethers";
import { sign } from "ripple-keypairs";
import { type Transaction, Wallet as XrplWallet } from "xrpl";
import { hardhatWallets, localXrplAccounts } from "../src/config.ts";

const USAGE = `Signs what stands on standard input with one of the public local accounts, for trying the API by hand.

On the local Flare chain; ACCOUNT is 0 to 19: 1 to 4 are approvers, 6, 7 and 8 are free to play with.
  npm run -s sign -- address ACCOUNT               prints the account's address
  npm run -s sign -- message ACCOUNT < text        EIP-191, as a wallet signs a sign-in message
  npm run -s sign -- typed-data ACCOUNT < json     EIP-712, the \`typedData\` that the API gives

On the local XRP Ledger; ACCOUNT is player, approver1, approver2 or approver3.
  npm run -s sign -- address ACCOUNT               prints the account's address
  npm run -s sign -- public-key ACCOUNT            prints its public key
  npm run -s sign -- message ACCOUNT < text        as GemWallet and Crossmark sign a sign-in message
  npm run -s sign -- transaction ACCOUNT < json    the \`multisign.transaction\` that the API gives, signed for multi-signing
`;

type TypedData = {
  domain: TypedDataDomain;
  types: Record<string, TypedDataField[]>;
  message: Record<string, unknown>;
};

/** What can be done with an account; each reads standard input when it needs to. */
type Acts = Readonly<Record<string, () => string | Promise<string>>>;

async function main(): Promise<void> {
  const [what = "", account = ""] = process.argv.slice(2);
  const acts = /^[0-9]{1,2}$/.test(account) ? flareActs(Number(account)) : xrplActs(account);
  const act = acts !== null && Object.hasOwn(acts, what) ? acts[what] : undefined;
  if (act === undefined) {
    process.stderr.write(USAGE);
    process.exit(1);
  }
  process.stdout.write(`${await act()}\n`);
}

function flareActs(index: number): Acts | null {
  const account = hardhatWallets()[index];
  if (account === undefined) return null;
  const wallet = new Wallet(account.privateKey);
  return {
    address: () => wallet.address,
    message: async () => wallet.signMessage(await text(process.stdin)),
    async "typed-data"() {
      const { domain, types, message } = JSON.parse(await text(process.stdin)) as TypedData;
      // ethers derives the domain's type itself and refuses to be told.
      const { EIP712Domain: _domain, ...rest } = types;
      return wallet.signTypedData(domain, rest, message);
    },
  };
}

function xrplActs(name: string): Acts | null {
  const { player, approver1, approver2, approver3 } = localXrplAccounts();
  const account = Object.entries({ player, approver1, approver2, approver3 }).find(
    ([known]) => known === name,
  );
  if (account === undefined) return null;
  const wallet = XrplWallet.fromSeed(account[1].seed);
  return {
    address: () => wallet.address,
    "public-key": () => wallet.publicKey,
    message: async () =>
      sign(Buffer.from(await text(process.stdin), "utf8").toString("hex"), wallet.privateKey),
    async transaction() {
      return wallet.sign(JSON.parse(await text(process.stdin)) as Transaction, true).tx_blob;
    },
  };
}

await main();
