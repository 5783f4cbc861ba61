/** The calls about rules, which only this panel makes. They throw the mesh's refusal. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Client, type Transport } from "@connectrpc/connect";

import { DestinationService, type Destination } from "$gen/ordermesh/notify/v1/destination_service_pb.js";
import type { Rule } from "$gen/ordermesh/notify/v1/rule_pb.js";
import { RuleService, type SetRuleRequestSchema } from "$gen/ordermesh/notify/v1/rule_service_pb.js";

import { CALL_TIMEOUT_MS } from "$lib/notify";

export class RuleCalls {
  readonly #rules: Client<typeof RuleService>;
  readonly #destinations: Client<typeof DestinationService>;

  constructor(transport: Transport) {
    this.#rules = createClient(RuleService, transport);
    this.#destinations = createClient(DestinationService, transport);
  }

  async list(): Promise<readonly Rule[]> {
    return (await this.#rules.listRules({}, { timeoutMs: CALL_TIMEOUT_MS })).rules;
  }

  async set(request: MessageInitShape<typeof SetRuleRequestSchema>): Promise<void> {
    await this.#rules.setRule(request, { timeoutMs: CALL_TIMEOUT_MS });
  }

  async delete(ruleId: string): Promise<void> {
    await this.#rules.deleteRule({ ruleId }, { timeoutMs: CALL_TIMEOUT_MS });
  }

  /** Destinations that the user's rules may name. */
  async destinations(): Promise<readonly Destination[]> {
    return (await this.#destinations.listDestinations({}, { timeoutMs: CALL_TIMEOUT_MS })).destinations;
  }
}
