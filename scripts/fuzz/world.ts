import { randomBytes, randomUUID } from "node:crypto";
import { type HDNodeWallet, type TypedDataDomain, type TypedDataField, Wallet } from "ethers";
import { SignJWT } from "jose";
import { hardhatWallets } from "../../src/config.ts";
import { type ApiClient, ApiProblem, type PayoutView } from "../local/api-client.ts";
import { clientOf, earn, randomIp, randomWallet, signInDemo } from "./players.ts";
import { ADMIN } from "./product.ts";
import type { Role } from "./request.ts";
import { createVictims, type Victims } from "./victims.ts";

const APPROVER = 2;
/** Above the tier from which people have to sign. */
const LARGE_WEI = 101n * 10n ** 18n;

type Signer = Wallet | HDNodeWallet;

/** Messages with their signatures, each fetched once. */
export type Exchange = Map<string, Promise<Record<string, string>>>;

export type World = {
  victims: Victims;
  /** The access token that this role holds; null where it has none. */
  tokenOf(role: Role): string | null;
  /** Gives the role a new session where the old one has ended, whoever ended it. */
  renew(role: Role): Promise<void>;
  /** What stands for `@@name@@` when this role asks; `exchange` belongs to one request, whose parts fit one another. */
  fill(name: string, role: Role, exchange: Exchange): Promise<string>;
  /** Undoes what would keep later requests from getting anywhere. */
  mend(): Promise<void>;
};

/** Sessions of every role, victims whose data nobody else may see, and what requests need that only the server can give. */
export async function createWorld(url: string): Promise<World> {
  const admin = new Wallet(hardhatWallets()[ADMIN]?.privateKey ?? "");
  const approver = new Wallet(hardhatWallets()[APPROVER]?.privateKey ?? "");
  const wallets: Partial<Record<Role, Signer>> = {
    player: randomWallet(),
    other: randomWallet(),
    approver,
    admin,
  };
  const tokens: Partial<Record<Role, string>> = {};
  const own = new Map<Role, string>();
  const client = (role: Role): ApiClient => clientOf(url, tokens[role] ?? null);

  const adminClient = await clientOf(url).signIn(admin);
  const victims = await createVictims(url, adminClient);
  for (const role of ["player", "other", "approver", "admin", "demo", "ended", "forged"] as const) {
    await open(role);
  }
  for (const role of ["player", "other", "demo"] as const) {
    await earn(client(role), 500);
    own.set(role, (await client(role).requestPayout(3n)).id);
  }
  let pending = await propose();

  async function open(role: Role): Promise<void> {
    const wallet = wallets[role];
    if (wallet !== undefined) tokens[role] = (await clientOf(url).signIn(wallet)).token ?? "";
    else if (role === "demo" || role === "ended") tokens[role] = (await signInDemo(url)).token;
    else if (role === "forged") tokens[role] = await forge(victims);
    if (role === "ended") await client(role).post("/auth/logout", {});
  }

  /** A payout that waits for signatures, from the rewards account. */
  async function propose(): Promise<string> {
    const body = { to: randomWallet().address, asset: "FLR", amount: String(LARGE_WEI) };
    const asked = await fresh("admin").then((api) =>
      api.post<PayoutView>("/admin/payout", body, randomUUID()),
    );
    return asked.id;
  }

  /** A client of the role with a session that holds. */
  async function fresh(role: Role): Promise<ApiClient> {
    await renew(role);
    return client(role);
  }

  async function renew(role: Role): Promise<void> {
    if (wallets[role] === undefined && role !== "demo") return;
    const answer = await fetch(`${url}/api/v1/auth/session`, {
      headers: { authorization: `Bearer ${tokens[role]}`, "x-forwarded-for": randomIp() },
    });
    if (answer.status !== 401) return;
    // One wallet may not sign in as often as it is signed out here: then it stays out for a while.
    await open(role).catch((error: unknown) => {
      if (!(error instanceof ApiProblem) || error.status !== 429) throw error;
    });
  }

  async function challenge(): Promise<Record<string, string>> {
    const wallet = randomWallet();
    const { message } = await postAs(url, null, "/auth/wallet-challenge", {
      address: wallet.address,
      chain: "flare",
    });
    return { message: message ?? "", signature: await wallet.signMessage(message ?? "") };
  }

  async function link(role: Role): Promise<Record<string, string>> {
    const current = wallets[role];
    const added = randomWallet();
    if (current === undefined) return { message: "none", current: "0x", added: "0x" };
    const { message } = await postAs(url, tokens[role] ?? null, "/auth/wallets/challenge", {
      address: added.address,
      chain: "flare",
    });
    return {
      message: message ?? "",
      current: await current.signMessage(message ?? ""),
      added: await added.signMessage(message ?? ""),
    };
  }

  /** A wallet of the role's account beside the first; linked now where there is none. */
  async function linkedWallet(role: Role): Promise<string> {
    const api = await fresh(role);
    const { items } = await api.get<{ items: { address: string; isFirst: boolean }[] }>("/auth/wallets");
    const known = items.find(({ isFirst }) => !isFirst);
    if (known !== undefined) return known.address;
    const { message, current, added } = await link(role);
    const proofs = { message, current: { signature: current }, added: { signature: added } };
    return (await api.post<{ address: string }>("/auth/wallets", proofs)).address;
  }

  async function approval(role: Role): Promise<string> {
    const wallet = role === "admin" ? admin : approver;
    const { typedData } = await (await fresh("approver")).get<{
      typedData: {
        domain: TypedDataDomain;
        types: Record<string, TypedDataField[]>;
        message: Record<string, unknown>;
      };
    }>(`/admin/payouts/${pending}/approval`);
    const { EIP712Domain: _domain, ...types } = typedData.types;
    return wallet.signTypedData(typedData.domain, types, typedData.message);
  }

  async function mendOnce(): Promise<void> {
    const api = await fresh("admin");
    for (const rail of ["flare", "xrpl"]) {
      const body = { rail, confirm: "resume", reason: "goes on after a pause by a request of chance" };
      await api.post("/admin/resume", body).catch(() => undefined);
    }
    const { status } = await api.get<PayoutView>(`/payouts/${pending}`);
    if (status !== "pending_approval") pending = await propose();
  }

  async function fill(name: string, role: Role, exchange: Exchange): Promise<string> {
    const [what = "", part = ""] = name.split(".");
    switch (what) {
      case "payout":
        if (part === "own") return own.get(role) ?? own.get("player") ?? "";
        if (part === "pending") return pending;
        if (part === "claimable")
          return (await (await fresh(role)).requestPayout(1n, { delivery: "claim" })).id;
        return part === "claim" ? victims.claimId : victims.payoutId;
      case "account":
        if (part === "own") return wallets[role]?.address ?? randomWallet().address;
        return part === "demo" ? victims.demoAccount : victims.account;
      case "wallet":
        if (part === "mine") return linkedWallet(role);
        return part === "linked" ? victims.linked : randomWallet().address;
      case "refresh":
        return (await signInDemo(url)).refreshToken;
      case "token":
        return tokens[role] ?? "";
      case "approval":
        return approval(role);
      case "challenge":
      case "link": {
        const asked = exchange.get(what) ?? (what === "link" ? link(role) : challenge());
        exchange.set(what, asked);
        return (await asked)[part] ?? "";
      }
      default:
        throw new Error(`nothing stands for @@${name}@@`);
    }
  }

  return {
    victims,
    tokenOf: (role) => tokens[role] ?? null,
    renew,
    // What the server would not give for an exchange that needs it is told by what it says to the request itself.
    fill: (name, role, exchange) => fill(name, role, exchange).catch(() => "unavailable"),
    async mend() {
      // A request of chance may end the session in the middle of it.
      await mendOnce().catch(mendOnce).catch(mendOnce);
    },
  };
}

async function postAs(
  url: string,
  token: string | null,
  path: string,
  body: unknown,
): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-forwarded-for": randomIp(),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, string>;
}

/** A token for the victim's session, in everything but the key like ours. */
async function forge({ playerId, sessionId }: Victims): Promise<string> {
  return new SignJWT({ sid: sessionId })
    .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
    .setAudience("coinclicker")
    .setSubject(playerId)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(randomBytes(32));
}
