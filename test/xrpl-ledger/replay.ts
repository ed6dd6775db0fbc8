import { expect } from "vitest";
import { decode, encode } from "xrpl";
import type { XrplLedger } from "../../scripts/local/xrpl-ledger/index.ts";
import { LedgerClient } from "./ledger-client.ts";
import { comparable, type Step, type TxStep, type VectorFile } from "./vector-file.ts";

type Json = Record<string, unknown>;

/** Sends the recorded requests of one file in their order and compares every answer. */
export class Replay {
  readonly #ledger: XrplLedger;
  readonly #client: LedgerClient;
  readonly #file: VectorFile;

  constructor(ledger: XrplLedger, client: LedgerClient, file: VectorFile) {
    this.#ledger = ledger;
    this.#client = client;
    this.#file = file;
  }

  static async start(ledger: XrplLedger, file: VectorFile): Promise<Replay> {
    return new Replay(ledger, await LedgerClient.connect(ledger.url), file);
  }

  async run(step: Step): Promise<void> {
    switch (step.kind) {
      case "tx":
        return this.#transaction(step);
      case "read":
        return this.#read(step.request, step.response);
      case "tx_lookup":
        expect(await this.#lookUp(step.request)).toEqual(step.response);
        return;
      case "close":
        await this.#ledger.accept(step.ledgers);
        expect(this.#ledger.validatedIndex() + 1).toBe(step.ledger_current_index_after);
        return;
      case "stream":
        expect(comparable(await this.#client.messages(step.messages.length))).toEqual(
          comparable(step.messages),
        );
        return;
      case "raw":
        expect(await this.#client.raw(step.sent)).toEqual(step.received);
        return;
      case "http":
        return this.#http(step.sent, step.http_status, step.received);
    }
  }

  async #transaction(step: TxStep): Promise<void> {
    // The client library of the recording refused to build it.
    if (step.skipped !== undefined) return;
    const { accounts } = step;
    const before = accounts?.before ?? {};
    const now = await this.#accounts(before, "current");
    const wrong: unknown[] = [];
    const check = (what: string, actual: unknown, expected: unknown): void => {
      try {
        expect(actual, what).toEqual(expected);
      } catch (error) {
        wrong.push(error);
      }
    };
    check("accounts before", now, before);
    check("response", comparable(await this.#submit(step)), comparable(this.#expectedResponse(step)));
    // Of a refused JSON there is no hash to look up.
    const hash = step.computed_hash ?? (step.response.result?.hash as string);
    if (step.tx_before_close != null) {
      check("tx before close", await this.#lookUpHash(hash), step.tx_before_close);
    }
    const afterSubmit = withChanges(before, accounts?.after_submit_current);
    check("accounts after submit", await this.#accounts(before, "current"), afterSubmit);
    if (step.ledger_accept) {
      await this.#ledger.accept();
      if (step.tx_after_close != null) {
        check("tx after close", await this.#lookUpHash(hash), step.tx_after_close);
      }
      const final = withChanges(before, accounts?.after_close_validated ?? accounts?.after_submit_current);
      check("accounts after close", await this.#accounts(before, "validated"), final);
    }
    if (wrong.length > 0)
      throw wrong.length === 1 ? wrong[0] : new AggregateError(wrong, wrong.map(String).join("\n"));
  }

  #submit(step: TxStep): Promise<Json> {
    const command = step.request.split(" ")[0] ?? "submit";
    return this.#client.request(
      command === "submit_multisigned"
        ? { command, api_version: 2, tx_json: step.tx }
        : {
            command,
            api_version: 2,
            tx_blob: step.tx_blob,
            ...(step.request.endsWith("fail_hard") ? { fail_hard: true } : {}),
          },
    );
  }

  /** Puts back what the recording left out. */
  #expectedResponse(step: TxStep): Json {
    const { result, ...rest } = step.response;
    if (result === undefined) {
      const command = step.request.split(" ")[0];
      const sent = command === "submit" ? { tx_blob: step.tx_blob } : { tx_json: step.tx };
      const failHard = step.request.endsWith("fail_hard") ? { fail_hard: true } : {};
      const request =
        rest.request === "(echo of the request)"
          ? { api_version: 2, command, ...sent, ...failHard }
          : rest.request;
      return { ...rest, request };
    }
    const [code, message] = this.#file.shortened.table[String(result.engine_result)] ?? [];
    return {
      api_version: 2,
      type: "response",
      ...rest,
      result: {
        engine_result_code: code,
        engine_result_message: message,
        tx_blob: step.tx_blob ?? encode(step.tx as never),
        ...result,
        tx_json: this.#expectedTransaction(step, result.tx_json),
      },
    };
  }

  #expectedTransaction(step: TxStep, shown: unknown): unknown {
    if (typeof shown !== "string") return shown;
    const { Amount, ...decoded } = this.#decoded(step);
    if (shown === "(echo, DeliverMax)") return { ...decoded, DeliverMax: Amount };
    const whole = Amount === undefined ? decoded : { ...decoded, Amount };
    return { ...whole, hash: step.computed_hash };
  }

  /** What was signed, with the signatures that are only in the blob. */
  #decoded(step: TxStep): Json {
    return step.tx_blob === undefined ? step.tx : (decode(step.tx_blob) as Json);
  }

  async #lookUpHash(transaction: string): Promise<Json> {
    return this.#lookUp({ command: "tx", transaction });
  }

  /** A transaction as the recording shows it: where it is and what it did. */
  async #lookUp(request: Json): Promise<Json> {
    const { result, ...response } = (await this.#client.request({ api_version: 2, ...request })) as {
      result?: Json & { meta?: Json };
    } & Json;
    if (result === undefined) {
      const { error, error_code, error_message } = response;
      return { error, error_code, error_message };
    }
    const { validated, ledger_index, meta } = result;
    const fields = Object.keys(result).sort().join(" ");
    expect(fields).toBe(
      validated === true
        ? "close_time_iso ctid hash ledger_hash ledger_index meta tx_json validated"
        : "hash tx_json validated",
    );
    if (meta === undefined) return { validated };
    const { TransactionResult, delivered_amount, DeliveredAmount } = meta;
    return {
      validated,
      ledger_index,
      TransactionResult,
      ...(delivered_amount === undefined ? {} : { delivered_amount }),
      ...(DeliveredAmount === undefined ? {} : { DeliveredAmount }),
    };
  }

  async #accounts(like: Record<string, Json>, ledgerIndex: string): Promise<Record<string, Json>> {
    const states: Record<string, Json> = {};
    for (const name of Object.keys(like)) {
      const account = this.#file.keys[name]?.address;
      const { result, error } = (await this.#client.request({
        command: "account_info",
        api_version: 2,
        account,
        ledger_index: ledgerIndex,
      })) as { result?: { account_data: Json }; error?: string };
      states[name] = result === undefined ? { error } : shownFields(result.account_data);
    }
    return states;
  }

  async #read(request: Json, expected: Json): Promise<void> {
    const response = await this.#client.request(request);
    const { result } = expected as { result?: Json };
    if (result?.trimmed === true) {
      expect(comparable(trimmedLike(response.result as Json, result))).toEqual(comparable(result));
    } else {
      expect(comparable(response)).toEqual(comparable(expected));
    }
  }

  async #http(sent: Json | string, status: number, received: Json): Promise<void> {
    const body = typeof sent === "string" ? sent : JSON.stringify(sent);
    const response = await fetch(this.#ledger.url.replace("ws:", "http:"), { method: "POST", body });
    expect(response.status).toBe(status);
    const text = await response.text();
    if ("text" in received) expect(text).toBe(received.text);
    else expect(comparable(JSON.parse(text))).toEqual(comparable(received));
  }

  close(): void {
    this.#client.close();
  }
}

/** The fields of an account that the recording watches. */
const WATCHED = [
  "AccountTxnID",
  "Balance",
  "Domain",
  "Flags",
  "OwnerCount",
  "RegularKey",
  "Sequence",
  "TicketCount",
  "TickSize",
  "TransferRate",
];

function shownFields(data: Json): Json {
  return Object.fromEntries(Object.entries(data).filter(([name]) => WATCHED.includes(name)));
}

/** null in a change: the field is gone. */
function withChanges(before: Record<string, Json>, changes: Record<string, Json> = {}): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(before).map(([name, state]) => {
      const after = { ...state, ...changes[name] };
      return [name, Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null))];
    }),
  );
}

/** Long lists were cut to their first entries, or to a few fields of each, with the count beside them. */
function trimmedLike(result: Json, like: Json): Json {
  const trimmed: Json = { ...result, trimmed: true };
  for (const [name, shown] of Object.entries(like)) {
    const count = like[`${name}_count`];
    if (Array.isArray(shown)) {
      const whole = (result[name] ?? []) as Json[];
      if (count !== undefined) trimmed[`${name}_count`] = whole.length;
      trimmed[name] = whole
        .slice(0, count === undefined ? undefined : shown.length)
        .map((one) => Object.fromEntries(Object.keys(shown[0]).map((field) => [field, one[field]])));
    }
  }
  return trimmed;
}
