/** The views on a mesh in memory, for work on their looks: `npx vite`, then /test/preview.html. */

import { mount } from "svelte";

import { Role } from "$gen/ordermesh/identity/v1/auth_service_pb.js";
import { NotificationKind, Severity } from "$gen/ordermesh/notify/v1/notification_pb.js";
import { OrderState } from "$gen/ordermesh/oms/v1/order_pb.js";

import { Session } from "@ordermesh/client";

import "../src/app.css";
import App from "../src/views/App.svelte";
import { order } from "../../clients/typescript/test/builders";
import { FakeMesh } from "./fake-mesh";

const SYMBOLS = [
  ["ASML", "ASML Holding N.V.", "6124"], ["SAP", "SAP SE", "1873"], ["MC", "LVMH Moët Hennessy", "7106"], ["SIE", "Siemens AG", "1712"],
  ["AIR", "Airbus SE", "1404"], ["TTE", "TotalEnergies SE", "0623"], ["SAN", "Banco Santander", "0452"], ["ALV", "Allianz SE", "2510"],
  ["BNP", "BNP Paribas", "0604"], ["DTE", "Deutsche Telekom", "0240"], ["INGA", "ING Groep", "0150"], ["OR", "L'Oréal", "4210"],
] as const;

const mesh = new FakeMesh(SYMBOLS.map(([symbol, name, tenths]) => [symbol, name, `${Number(tenths.slice(0, -1))}.${tenths.slice(-1)}`.replace(/\.0$/, "")] as const));
// Look at the page of another role with ?role=RISK.
const role = new URLSearchParams(location.search).get("role");
if (role === "RISK") mesh.roles = [Role.RISK];
for (const [kind, severity, text] of [
  [NotificationKind.ORDER_CLOSED, Severity.INFO, "Buy 100 ASML.SIMA is filled at 612.4"],
  [NotificationKind.REJECT, Severity.WARNING, "Sell 20 SAP.SIMB was rejected: the venue does not know the symbol"],
  [NotificationKind.KILL_SWITCH, Severity.CRITICAL, "The kill switch of account ACC-ALICE was engaged by rita: a drill"],
] as const) mesh.notify.notify({ kind, severity, text, instrumentId: "ASML.SIMA" });
// Look at a long blotter with ?orders=100000.
const count = Number(new URLSearchParams(location.search).get("orders") ?? "0");
const some = Array.from({ length: 300 }, (_, at) => order({
  instrumentId: "SAP.SIMA", symbol: "SAP", terms: { quantity: String(at + 1), limitPrice: "187.3" },
  progress: { state: at % 3 === 0 ? OrderState.NEW : OrderState.FILLED, cumQuantity: "0", leavesQuantity: "1" },
}));
for (let at = 0; at < count; at++) {
  const orderId = `01JC${String(at).padStart(22, "0")}`;
  mesh.orders.set(orderId, { ...(some[at % some.length] ?? order()), orderId });
}
const transport = mesh.transport();
const store = { read: () => null, write: () => undefined, clear: () => undefined };
const session = new Session(transport, store);
const target = document.getElementById("app");
if (target) mount(App, { target, props: { session, transport, fewConnections: false } });

const tenthsOf = (text: string): number => Number(text.split(".")[0]) * 10 + Number(text.split(".")[1] ?? "0");
const ticks = mesh.instruments.map(({ instrumentId }) => ({ instrumentId, at: tenthsOf(mesh.quotes.get(instrumentId)?.lastPrice ?? "1") }));
const tenths = (value: number): string => `${Math.floor(value / 10)}.${value % 10}`.replace(/\.0$/, "");
setInterval(() => {
  for (const line of ticks.filter(() => Math.random() < 0.3)) {
    line.at = Math.max(20, line.at + Math.round((Math.random() - 0.5) * 6));
    mesh.quote(line.instrumentId, {
      bidPrice: tenths(line.at - 1), askPrice: tenths(line.at + 1), lastPrice: tenths(line.at),
      bidSize: String(50 * Math.ceil(Math.random() * 60)), askSize: String(50 * Math.ceil(Math.random() * 60)), lastSize: "100",
    });
  }
}, 250);
setInterval(() => mesh.heartbeat(), 2_000);

// Handles for whoever looks: `mesh`, and states no ordinary order goes through.
Object.assign(window, { mesh, OrderState });
