/** What follows the answer to a command on an order: the key of its intent, and a notice of a refusal. */

import type { Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { reasonWords, type IntentKeeper, type Outcome } from "@ordermesh/client";
import type { Desk } from "./desk";

/** Shows a refusal, and returns it; "" if the command was taken. `what` names the command. */
export function faultOf(desk: Pick<Desk, "nameOf" | "notices">, keeper: Pick<IntentKeeper<unknown>, "answered">, outcome: Outcome<unknown>, what: string, order: Order): string {
  if (outcome.ok || !outcome.refusal.ambiguous) keeper.answered();
  if (outcome.ok) return "";
  const { reason, text, ambiguous } = outcome.refusal;
  const fault = `${reason ? reasonWords(reason) : "No answer"}: ${text}`;
  const hint = ambiguous ? " It may have been taken; repeating it is safe." : "";
  desk.notices.push("bad", `${what} refused`, `${desk.nameOf(order)}. ${fault}${hint}`);
  return fault;
}
