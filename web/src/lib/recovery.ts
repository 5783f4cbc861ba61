/** Whether the order book was restored to an earlier state and waits for a person. */

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { GetStateResponse } from "$gen/ordermesh/oms/v1/recovery_service_pb.js";

import { Asking } from "./asking";

export class RecoveryState extends Asking<GetStateResponse> {
  recovering = false;
  since: Date | undefined;

  protected take(answer: GetStateResponse): void {
    this.recovering = answer.recovering;
    this.since = answer.since ? timestampDate(answer.since) : undefined;
  }
}
