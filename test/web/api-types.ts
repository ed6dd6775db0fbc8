/** Nothing runs here: the compiler holds the page's narrow types to what the server's modules say that they answer. */
import type { Static } from "typebox";
import type { TreasuryView } from "../../src/modules/admin/index.ts";
import type { ApprovalView } from "../../src/modules/approvals/index.ts";
import type { WalletSchema } from "../../src/modules/auth/index.ts";
import type { ClickReply, ClickStateReply } from "../../src/modules/clicks/index.ts";
import type {
  PayoutListItemSchema,
  PayoutSummary,
  Payouts,
  PayoutView,
} from "../../src/modules/payouts/index.ts";
import type { AccountReport, Leaderboard, StatementLine } from "../../src/modules/reports/index.ts";
import type { ClientConfig } from "../../src/routes/client-config.ts";
import type * as console from "../../web/src/admin/types.ts";
import type * as page from "../../web/src/api/types.ts";

/** Fails to compile unless what the server answers can be read as what the page expects. */
type Reads<Expected, _Answer extends Expected> = Expected;

export type Held = [
  Reads<page.Payout, PayoutView>,
  Reads<page.PayoutListItem, Static<typeof PayoutListItemSchema>>,
  Reads<page.PayoutSummary, PayoutSummary>,
  Reads<page.Quote, Awaited<ReturnType<Payouts["quote"]>>>,
  Reads<page.Receipt, Awaited<ReturnType<Payouts["receipt"]>>>,
  Reads<page.Voucher, Awaited<ReturnType<Payouts["voucher"]>>>,
  Reads<page.StatementLine, StatementLine>,
  Reads<page.ClickReply, ClickReply>,
  Reads<page.ClickState, ClickStateReply>,
  Reads<page.Leaderboard, Leaderboard>,
  Reads<page.Balance[], AccountReport["balances"]>,
  Reads<page.ClientConfig, ClientConfig>,
  Reads<page.LinkedWallet, Static<typeof WalletSchema>>,
  Reads<console.ApprovalView, ApprovalView>,
  Reads<console.Treasury, TreasuryView>,
];
