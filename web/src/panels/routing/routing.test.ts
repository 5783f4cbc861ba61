import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";

import { RoutingDecisionSchema, ShowRoutingResponseSchema, type RoutingDecision } from "$gen/ordermesh/oms/v1/order_service_pb.js";

import { decisionLine } from "./record";
import { RoutingState } from "./routing";

/** A record as svc_oms wrote it, with fewer levels. */
const RECORD = `[1,[[1,1,"703.5",3,[],[],null],["NL0010273215","EUR",[["SIMA","ASML.SIMA",1,[["703.1","14"]],[["703.2","33"],["703.3","63"]],22190127,"1",
[["0","0.0001"]],null,"1000000",[1,2,3,4]],["SIMB","ASML.SIMB",1,[["703","19"]],[["703.2","340"]],22190127,"1",[["0","0.0002"]],null,"1000000",[1,2]]],[],1218],
[["SIMA","EUR",["0","0.9","0",null,null],["0","-0.2","0",null,null],1,2,1,"simulated"],["SIMB","EUR",["0.01","0.3","2","0.05",null],["0","0","0",null,"9"],1,2,1,"simulated"]],
["P","200",[],"0",[],[],0,0,null,false,false,false,"0"],[8,10,16,5000000000,2,500000000,0,4,1000000000],1,1796034380804502331],
[[[1,"SIMB","",1,"200","703.2",3,null,"displayed within the limit"],[6,"","",null,"0",null,null,4,""]],
[["SIMB",1,"1721","200","703.2","703.2211",22190127,1],["SIMA",2,"418","0","703.2","703.263288",22190127,2]],[],"round 1, by net price: 200 at SIMB","0"]]`;

function decision(number: number, record = RECORD, finding = ""): RoutingDecision {
  return create(RoutingDecisionSchema, { number, record: new TextEncoder().encode(record), finding });
}

describe("the record of a decision", () => {
  it("has what was seen, net prices after fees, the choice and why", () => {
    const line = decisionLine(decision(1));
    expect(line).toMatchObject({ number: 1, cause: "the order was placed", reason: "round 1, by net price: 200 at SIMB", limitPrice: "703.5", finding: "" });
    expect(line.venues.map(({ mic, rank, verdict, chosen, quantity, netPrice }) => [mic, rank, verdict, chosen, quantity, netPrice])).toEqual([
      ["SIMB", 1, "chosen", true, "200", "703.2211"],
      ["SIMA", 2, "not needed", false, "0", "703.263288"],
    ]);
    expect(line.venues[1]).toMatchObject({ displayed: "418", bids: [["703.1", "14"]], offers: [["703.2", "33"], ["703.3", "63"]], taker: "0.9 bps", maker: "-0.2 bps" });
    expect(line.venues[0]).toMatchObject({ taker: "0.3 bps + 0.01 EUR per share + 2 EUR, at least 0.05 EUR", maker: "free, at most 9 EUR" });
    expect(line.actions).toEqual([
      { what: "Placed 200 at 703.2 at SIMB IOC", why: "displayed within the limit" },
      { what: "Ended 0: the rest cannot be had at once", why: "" },
    ]);
  });

  it("shows numbers that this page does not know, and fields that came later do not move the others", () => {
    const later = RECORD.replace('["SIMB",1,"1721"', '["SIMB",99,"1721"').replace(',null],["NL', ',null,"new"],["NL');
    expect(decisionLine(decision(1, later)).venues[0]?.verdict).toBe("number 99");
  });

  it.each(["", "{", "[1,2]", "[1,[[],[],[],[],[],1],[[],[[7]]]]"])("that is none, such as %j, is shown as such", (record) => {
    const line = decisionLine(decision(7, record, "the hash differs."));
    expect(line.number).toBe(7);
    expect(line.finding).toContain("the hash differs.");
  });
});

describe("the decisions about an order", () => {
  it("are read in pages, and later from the last one on", async () => {
    const asked: number[] = [];
    const pages: RoutingDecision[][] = [[decision(1)], [decision(2)], [decision(3)], []];
    const state = new RoutingState((_, after) => {
      asked.push(after);
      const decisions = pages.shift() ?? [];
      return Promise.resolve(create(ShowRoutingResponseSchema, { decisions, more: decisions[0]?.number === 1 }));
    });
    await state.show("P");
    expect([state.read, state.decisions.map((one) => one.number)]).toEqual([true, [1, 2]]);
    await state.show("P");
    expect(asked).toEqual([0, 1, 2]);
    await state.show("Q");
    expect(state.decisions).toEqual([]);
  });

  it("that cannot be read say why", async () => {
    const state = new RoutingState(() => Promise.reject(new ConnectError("no such order", Code.NotFound)));
    await state.show("P");
    expect([state.read, state.fault]).toEqual([false, "no such order"]);
  });
});
