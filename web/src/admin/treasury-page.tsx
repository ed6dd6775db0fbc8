import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { AmountText } from "../ui/amount.tsx";
import { Page, Panel } from "../ui/page.tsx";
import { EmptyState, ErrorState, LoadingRows, Note } from "../ui/states.tsx";
import classes from "./admin.module.css";
import { houseMeaning, houseName } from "./house-names.ts";
import { NeedsAdmin } from "./layout.tsx";
import { treasuryQuery } from "./queries.ts";
import { RailPanel } from "./rail-panel.tsx";
import { statusName } from "./status-names.ts";
import type { HouseAccount, Treasury } from "./types.ts";

export function TreasuryPage() {
  return (
    <NeedsAdmin what="The treasury">
      <TreasuryView />
    </NeedsAdmin>
  );
}

function TreasuryView() {
  const query = useQuery(treasuryQuery);
  const { data } = query;
  return (
    <Page
      title="Treasury"
      lead="Where the money is, on every chain and on our own ledger, and whether they agree."
    >
      {data === undefined ? (
        <div className="panel">
          {query.error === null ? (
            <LoadingRows rows={5} />
          ) : (
            <ErrorState what="The treasury" error={query.error} onRetry={() => void query.refetch()} />
          )}
        </div>
      ) : (
        <>
          {data.rails.length === 0 && (
            <Note tone="plain">This process does not talk to a chain, so only our own ledger is shown.</Note>
          )}
          {data.rails.map((rail) => (
            <RailPanel key={rail.rail} treasury={rail} />
          ))}
          <UnderWay treasury={data} />
          <House treasury={data} />
        </>
      )}
    </Page>
  );
}

function UnderWay({ treasury }: { treasury: Treasury }) {
  return (
    <Panel title="Payouts under way" padded={false}>
      {treasury.payouts.length === 0 ? (
        <EmptyState title="Nothing is under way">Every payout has ended, paid or not.</EmptyState>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Payouts</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {treasury.payouts.map(({ asset, status, count, amount }) => (
              <tr key={`${asset} ${status}`}>
                <th scope="row">{statusName(status)}</th>
                <td className="num">{count}</td>
                <td>
                  <AmountText asset={asset} amount={amount} maxFraction={4} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function House({ treasury }: { treasury: Treasury }) {
  return (
    <Panel title="House accounts" padded={false}>
      <table className={`${classes.table} ${classes.house}`}>
        <thead>
          <tr>
            <th scope="col">Account</th>
            <th scope="col">Held</th>
            <th scope="col">Balance</th>
          </tr>
        </thead>
        <tbody>
          {byOwner(treasury.house).map(({ owner, accounts }) => (
            <tr key={owner}>
              <th scope="row">
                {houseName(owner)}
                <Text size="sm" c="dimmed" className={classes.meaning}>
                  {houseMeaning(owner)}
                </Text>
              </th>
              <td>
                <div className={classes.amounts}>
                  {accounts.map(({ asset, held }) => (
                    <AmountText key={asset} asset={asset} amount={held} maxFraction={4} />
                  ))}
                </div>
              </td>
              <td>
                <div className={classes.amounts}>
                  {accounts.map(({ asset, posted }) => (
                    <AmountText key={asset} asset={asset} amount={posted} maxFraction={4} />
                  ))}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** An account of the house has a balance in each asset that it knows. */
function byOwner(house: readonly HouseAccount[]): { owner: string; accounts: HouseAccount[] }[] {
  return [...Map.groupBy(house, ({ owner }) => owner)].map(([owner, accounts]) => ({ owner, accounts }));
}
