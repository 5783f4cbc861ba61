/** Orders and positions of an account as they stood at an instant of the past. Nothing of it is in the stores of what stands now. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import type { Order, Position } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Emitter, reasonWords, refusalOf } from "@ordermesh/client";

/** Orders of a page that is read. */
const PAGE_SIZE = 500;

/** Reads what stood at an instant; the calls throw the mesh's refusal. */
export interface ReadPast {
  orders(request: { accountId: string; asOf: Timestamp; pageSize: number; pageToken: string }): Promise<{ orders: Order[]; nextPageToken: string }>;
  positions(request: { accountId: string; asOf: Timestamp }): Promise<{ positions: Position[] }>;
}

export class Past extends Emitter {
  /** What is shown; undefined before it was asked for. Milliseconds since 1970. */
  atMs: number | undefined;
  /** Whose orders and positions these are; "" before they were asked for. */
  accountId = "";
  /** Newest first. */
  orders: readonly Order[] = [];
  positions: readonly Position[] = [];
  reading = false;
  /** There are older orders that were not read. */
  more = false;
  fault = "";

  #run = 0;
  #token = "";

  constructor(private readonly read: ReadPast) {
    super();
  }

  /** Shows an account at an instant. */
  async show(accountId: string, atMs: number): Promise<void> {
    this.#token = "";
    Object.assign(this, { accountId, atMs, orders: [], positions: [], more: false });
    await this.#ask(async (asOf) => {
      const [page, { positions }] = await Promise.all([this.#page(asOf), this.read.positions({ accountId, asOf })]);
      return { page, positions };
    });
  }

  /** Reads the next page of orders. */
  async readOlder(): Promise<void> {
    if (this.reading || !this.more) return;
    await this.#ask(async (asOf) => ({ page: await this.#page(asOf), positions: this.positions }));
  }

  #page(asOf: Timestamp): Promise<{ orders: Order[]; nextPageToken: string }> {
    return this.read.orders({ accountId: this.accountId, asOf, pageSize: PAGE_SIZE, pageToken: this.#token });
  }

  async #ask(call: (asOf: Timestamp) => Promise<{ page: { orders: Order[]; nextPageToken: string }; positions: readonly Position[] }>): Promise<void> {
    const run = ++this.#run;
    this.reading = true;
    this.fault = "";
    this.changed();
    try {
      const { page, positions } = await call(timestampFromMs(this.atMs ?? 0));
      if (run !== this.#run) return;
      this.orders = [...this.orders, ...page.orders];
      this.positions = positions;
      this.#token = page.nextPageToken;
      this.more = page.nextPageToken !== "";
    } catch (thrown) {
      if (run !== this.#run) return;
      const { reason, text } = refusalOf(thrown);
      this.fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
    }
    this.reading = false;
    this.changed();
  }
}

/** Reads the field of the form, local time as "2027-01-31T10:30:05"; or says what is wrong. */
export function instantOf(text: string, nowMs: number): { atMs: number; fault?: undefined } | { atMs?: undefined; fault: string } {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) return { fault: "Date and time are needed." };
  if (atMs >= nowMs) return { fault: "The instant must have passed." };
  return { atMs };
}
