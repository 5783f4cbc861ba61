/** Refusals of the mesh as the page shows them: reason, sentence, field, and whether to repeat. */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

/** What went wrong with a call, as the mesh reports it. */
export interface Refusal {
  readonly code: Code;
  /** ErrorReason without its prefix: "PRICE_OFF_TICK"; empty if the mesh did not answer itself. */
  readonly reason: string;
  readonly text: string;
  /** RetryClass without its prefix: "FIX_INPUT"; empty if the mesh did not answer itself. */
  readonly retryClass: string;
  /** Proto path of the field at fault: "terms.limit_price". */
  readonly field: string;
  readonly retryAfterMs: number | undefined;
  /** The same request with the same idempotency key may be repeated. */
  readonly repeatable: boolean;
  /** The call may have been carried out although no answer came. */
  readonly ambiguous: boolean;
}

const ERROR_INFO = "google.rpc.ErrorInfo";
const RETRY_INFO = "google.rpc.RetryInfo";
const DOMAIN = "ordermesh";

/** The class of reasons whose request may be repeated as it is, with the same key. */
const RETRYABLE = "RETRYABLE";

/** Statuses that, without the mesh's own reason, mean only that the answer was lost. */
const LOST_ANSWER = new Set([
  Code.Unknown,
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Internal,
  Code.Aborted,
  Code.Canceled,
  Code.DataLoss,
]);

interface ErrorInfo {
  reason: string;
  domain: string;
  metadata: Map<string, string>;
}

// The two google.rpc messages are read field by field: five fields need no code generator.
function readErrorInfo(bytes: Uint8Array): ErrorInfo {
  const info: ErrorInfo = { reason: "", domain: "", metadata: new Map() };
  eachField(bytes, (field, reader) => {
    if (field === 1) info.reason = reader.string();
    else if (field === 2) info.domain = reader.string();
    else if (field === 3) {
      let [key, value] = ["", ""];
      eachField(reader.bytes(), (part, entry) => {
        if (part === 1) key = entry.string();
        else if (part === 2) value = entry.string();
        else return false;
        return true;
      });
      info.metadata.set(key, value);
    } else return false;
    return true;
  });
  return info;
}

function readRetryDelayMs(bytes: Uint8Array): number | undefined {
  let delay: number | undefined;
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false;
    let [seconds, nanos] = [0, 0];
    eachField(reader.bytes(), (part, duration) => {
      if (part === 1) seconds = Number(duration.int64());
      else if (part === 2) nanos = duration.int32();
      else return false;
      return true;
    });
    delay = seconds * 1000 + nanos / 1e6;
    return true;
  });
  return delay;
}

function eachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!read(field, reader)) reader.skip(wire as WireType, field);
  }
}

function details(error: ConnectError): { info: ErrorInfo | undefined; retryAfterMs: number | undefined } {
  let info: ErrorInfo | undefined;
  let retryAfterMs: number | undefined;
  for (const detail of error.details) {
    if (!("type" in detail) || !(detail.value instanceof Uint8Array)) continue;
    try {
      if (detail.type === ERROR_INFO) info = readErrorInfo(detail.value);
      else if (detail.type === RETRY_INFO) retryAfterMs = readRetryDelayMs(detail.value);
    } catch {
      // A detail that does not parse is ignored; status and text remain.
      continue;
    }
  }
  return { info: info?.domain === DOMAIN ? info : undefined, retryAfterMs };
}

/** Reads any thrown value as a refusal. */
export function refusalOf(thrown: unknown): Refusal {
  const error = ConnectError.from(thrown);
  const { info, retryAfterMs } = details(error);
  const lost = info === undefined && LOST_ANSWER.has(error.code);
  const retryClass = info?.metadata.get("retry_class") ?? "";
  return {
    code: error.code,
    reason: info?.reason ?? "",
    text: error.rawMessage || "The mesh gave no reason.",
    retryClass,
    field: info?.metadata.get("field") ?? "",
    retryAfterMs,
    repeatable: lost || retryClass === RETRYABLE,
    ambiguous: lost || info?.reason === "INTERNAL" || info?.reason === "COMMAND_OUTCOME_UNKNOWN",
  };
}

/** "PRICE_OFF_TICK" for people: "Price off tick". */
export function reasonWords(reason: string): string {
  const words = reason.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
