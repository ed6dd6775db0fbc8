import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get } from "../api/http.ts";
import { queryClient } from "../api/queries.ts";
import type { Page, PayoutStatus } from "../api/types.ts";
import { type AuditFilter, auditQueryString } from "./audit-filter.ts";
import type { ApprovalView, AuditEntry, QueuedPayout, Treasury } from "./types.ts";

/** What other approvers do is told to nobody's socket, so what is open is asked again this often. */
const LOOK_AGAIN_MS = 4_000;
/** The most that the API gives at once. */
const PAGE = 200;

/** Everything that waits in one status. Few do, so all of it is read: an approver must not miss the last page. */
export const waitingQuery = (status: Extract<PayoutStatus, "pending_approval" | "requested">) =>
  queryOptions({
    queryKey: ["admin", "waiting", status],
    queryFn: async ({ signal }) => {
      const items: QueuedPayout[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const after = cursor === "" ? "" : `&cursor=${cursor}`;
        const page: Page<QueuedPayout> = await get(
          `/admin/payouts?status=${status}&limit=${PAGE}${after}`,
          signal,
        );
        items.push(...page.items);
        cursor = page.nextCursor;
      }
      return items;
    },
    refetchInterval: LOOK_AGAIN_MS,
  });

export const adminPayoutsQuery = (status: PayoutStatus | null) =>
  infiniteQueryOptions({
    queryKey: ["admin", "payouts", status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams({ limit: "20" });
      if (status !== null) query.set("status", status);
      if (pageParam !== null) query.set("cursor", pageParam);
      return get<Page<QueuedPayout>>(`/admin/payouts?${query}`, signal);
    },
    getNextPageParam: (page) => page.nextCursor,
  });

export const approvalQuery = (id: string) =>
  queryOptions({
    queryKey: ["admin", "approval", id],
    queryFn: ({ signal }) => get<ApprovalView>(`/admin/payouts/${id}/approval`, signal),
  });

export const treasuryQuery = queryOptions({
  queryKey: ["admin", "treasury"],
  queryFn: ({ signal }) => get<Treasury>("/admin/treasury", signal),
  refetchInterval: LOOK_AGAIN_MS,
});

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["admin", "audit", filter],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = auditQueryString(filter);
      query.set("limit", "50");
      if (pageParam !== null) query.set("cursor", pageParam);
      return get<Page<AuditEntry>>(`/admin/audit?${query}`, signal);
    },
    getNextPageParam: (page) => page.nextCursor,
  });

/** After something was decided: whatever the console shows may have changed. */
export function refreshConsole(payoutId?: string): void {
  void queryClient.invalidateQueries({ queryKey: ["admin"] });
  if (payoutId !== undefined) void queryClient.invalidateQueries({ queryKey: ["payout", payoutId] });
}
