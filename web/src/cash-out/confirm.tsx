import { Button, Group, Modal, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { post } from "../api/http.ts";
import { sentenceOf, Unreachable } from "../api/problem.ts";
import { payoutQuery, queryClient } from "../api/queries.ts";
import type { Payout, PayoutRequest, Quote } from "../api/types.ts";
import { railOfAsset, railWords } from "../chain/rails.ts";
import { AmountText } from "../ui/amount.tsx";
import { Facts } from "../ui/facts.tsx";
import { Note } from "../ui/states.tsx";
import classes from "./form.module.css";

/** One wish to be paid. `key` stays the same however often it is sent, so it is paid once. */
export type Intent = { request: PayoutRequest; to: string; quote: Quote; key: string };

export function Confirm({ intent, onClose }: { intent: Intent; onClose: () => void }) {
  const { request, quote, to, key } = intent;
  const navigate = useNavigate();
  const ask = useMutation({
    mutationFn: () => post<Payout>("/payouts", request, { idempotencyKey: key }),
    onSuccess: (payout) => {
      queryClient.setQueryData(payoutQuery(payout.id).queryKey, payout);
      for (const name of ["balances", "payouts", "statement", "click-state", "quote"]) {
        void queryClient.invalidateQueries({ queryKey: [name] });
      }
      void navigate({ to: "/payouts/$id", params: { id: payout.id } });
    },
  });
  const isDemo = quote.source === "demo";
  return (
    <Modal opened onClose={onClose} title="Check and agree" size="md" closeOnClickOutside={!ask.isPending}>
      <Stack gap="md">
        <Facts
          facts={[
            [
              "You give",
              <AmountText key="g" asset={quote.spent.asset} amount={quote.spent.amount} maxFraction={18} />,
            ],
            [
              isDemo ? "Would arrive" : "Arrives",
              <strong key="a">
                <AmountText asset={quote.asset} amount={quote.amount} maxFraction={18} />
              </strong>,
            ],
            !isDemo && [
              "To",
              <span key="t" className={classes.address}>
                {to}
              </span>,
            ],
            !isDemo &&
              request.destinationTag !== undefined && [
                "Destination tag",
                <span key="d" className="num">
                  {request.destinationTag}
                </span>,
              ],
            !isDemo && ["On", railWords(railOfAsset(quote.asset)).name],
            !isDemo && ["How", request.delivery === "claim" ? "You claim it with a voucher" : "We send it"],
            ["Takes", quote.expected.text],
          ]}
        />
        {isDemo && <Note tone="warn">This is a demo session: the COIN is taken, and nothing is paid.</Note>}
        <div role="alert">
          {ask.error !== null && (
            <Note tone="bad" title={ask.error instanceof Unreachable ? "No answer came" : "This was refused"}>
              {ask.error instanceof Unreachable
                ? "It is not known whether the request arrived. Send it again: it is the same request, so it is paid once at most."
                : sentenceOf(ask.error)}
            </Note>
          )}
        </div>
        <Group justify="space-between">
          <Button variant="default" onClick={onClose} disabled={ask.isPending}>
            Change something
          </Button>
          <Button onClick={() => ask.mutate()} loading={ask.isPending} data-autofocus>
            {ask.error instanceof Unreachable ? "Send it again" : "Cash out"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
