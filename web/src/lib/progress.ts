/** What became of an order, and its average price, in words and numbers of one form. */

import type { Instrument } from "$gen/ordermesh/marketdata/v1/instrument_pb.js";
import { OrderState, type Order } from "$gen/ordermesh/oms/v1/order_pb.js";

import { grouped, padded, rounded } from "./decimals";
import { rejectionText, stateWord } from "./labels";
import { priceScale } from "./tick";

/** Places that an average has more than the prices it is of. */
const AVERAGE_PLACES_MORE = 2;
/** Places of an average of a listing that is not known. */
const AVERAGE_PLACES = 4;

/** An average price with as many places as every other average of the listing; "–" if there is none. `reference` is the price that the listing has now. */
export function averageText(average: string, instrument: Instrument | undefined, reference = ""): string {
  if (average === "" || average === "0") return "–";
  const places = instrument ? priceScale(instrument, reference || average) + AVERAGE_PLACES_MORE : AVERAGE_PLACES;
  return grouped(padded(rounded(average, places), places));
}

/** What became of an order so far: never more than the mesh has reported. */
export function progressWords(order: Order, average: string): string {
  const { progress, terms } = order;
  const filled = grouped(progress?.cumQuantity ?? "0");
  const some = progress && progress.cumQuantity !== "0" && progress.cumQuantity !== "" ? `, ${filled} of ${grouped(terms?.quantity ?? "?")} executed at ${average}` : "";
  switch (progress?.state) {
    case OrderState.PENDING_NEW:
      return "on its way to the venue";
    case OrderState.NEW:
      return "working at the venue, nothing executed yet";
    case OrderState.FILLED:
      return `filled, ${filled} at ${average}`;
    case OrderState.REJECTED:
      return `rejected${order.rejection ? `. ${rejectionText(order.rejection)}` : ""}`;
    default:
      return progress ? `${stateWord(progress.state).toLowerCase()}${some}` : "accepted";
  }
}

const ENDED: ReadonlySet<OrderState> = new Set([OrderState.CANCELED, OrderState.EXPIRED, OrderState.DONE_FOR_DAY]);

/** Why an order ended without being filled; "" if it did not, or no reason is known. */
export function endReason(order: Order): string {
  if (!ENDED.has(order.progress?.state ?? OrderState.UNSPECIFIED)) return "";
  return order.endedText.replace(/^unsolicited(?=$|:)/, "by the venue, unasked");
}
