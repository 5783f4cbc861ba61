import { mount } from "svelte";

import { bearer, grpcWeb, Session, tabTokenStore } from "@ordermesh/client";
import { ownsTab } from "$lib/tab-guard";

import "./app.css";
import App from "./views/App.svelte";

const url = (import.meta.env["VITE_ORDERMESH_URL"] as string | undefined) ?? location.origin;
const session = new Session(grpcWeb(url), tabTokenStore(sessionStorage));
const transport = grpcWeb(url, [bearer(session)]);

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");

const owned = await ownsTab(sessionStorage, navigator.locks);
if (!owned) session.disown("This tab is a copy of another. Please log in here too.");
mount(App, { target, props: { session, transport, fewConnections: url.startsWith("http:") } });
