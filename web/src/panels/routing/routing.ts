/** The decisions about one routed order, read in pages, and again from the last one when the order changes. */

import type { ShowRoutingResponse } from "$gen/ordermesh/oms/v1/order_service_pb.js";

import { Emitter, reasonWords, refusalOf } from "@ordermesh/client";

import { decisionLine, type DecisionLine } from "./record";

export type ReadRouting = (orderId: string, afterNumber: number) => Promise<ShowRoutingResponse>;

export class RoutingState extends Emitter {
  orderId = "";
  /** By number. */
  decisions: readonly DecisionLine[] = [];
  read = false;
  fault = "";

  #run = 0;

  constructor(private readonly readRouting: ReadRouting) {
    super();
  }

  /** Shows the decisions about an order, or reads those that came since. */
  async show(orderId: string): Promise<void> {
    const run = ++this.#run;
    if (orderId !== this.orderId) {
      Object.assign(this, { orderId, decisions: [], read: false });
      this.changed();
    }
    try {
      let more = true;
      while (more) {
        const after = this.decisions.at(-1)?.number ?? 0;
        const answer = await this.readRouting(orderId, after);
        if (run !== this.#run) return;
        this.decisions = [...this.decisions, ...answer.decisions.map(decisionLine)];
        more = answer.more && answer.decisions.length > 0;
      }
      this.read = true;
      this.fault = "";
    } catch (thrown) {
      if (run !== this.#run) return;
      const { reason, text } = refusalOf(thrown);
      this.fault = `${reason ? `${reasonWords(reason)}: ` : ""}${text}`;
    }
    this.changed();
  }
}
