/** The client of Ordermesh for browsers and Node.js: login, commands that are repeated safely, streams that resume. */

export { Backoff, BACKOFF, type BackoffLimits } from "./backoff.js";
export {
  ATTEMPT_TIMEOUT_MS,
  ATTEMPTS_MAX,
  CANCEL_ATTEMPTS_MAX,
  Commands,
  IntentKeeper,
  repeated,
  REPEATS,
  type Intent,
  type Outcome,
  type PlaceBody,
  type Repeats,
  type RouteBody,
  type ScheduleBody,
} from "./commands.js";
export { Emitter, type Observable } from "./emitter.js";
export { reasonWords, refusalOf, type Refusal } from "./errors.js";
export { isOpen, routedParentOf, stateOf } from "./order-states.js";
export { OrderBook, TRAIL_EVENTS_MAX, type LinkGap, type OrderChange } from "./orders.js";
export { PriceReader } from "./prices.js";
export { memoryTokenStore, Session, tabTokenStore, type SessionPhase, type TokenStore } from "./session.js";
export { drainWish, ResumingStream, type Reader, type StreamOptions, type StreamPhase, type Wish } from "./stream.js";
export { bearer, grpcWeb } from "./transport.js";
export { UserSettings, type SettingBody, type SettingBodyInit, type SettingCase } from "./user-settings.js";
export { onWake } from "./wake.js";
