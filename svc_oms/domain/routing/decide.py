"""The one function of routing: what to do about a parent, given all that is known."""

from svc_oms.domain.routing.decision import Decision, Inputs


def decide(inputs: Inputs) -> Decision:
    """Decide about a parent. The same inputs always give the same decision.

    The actions keep invariant 11: whatever becomes of them, Σ over children (executed + possibly
    live) never exceeds the parent's quantity. They do so only if they are carried out as they
    are, on the state that `inputs.parent` shows: read it and store the children in one
    transaction that locks the parent.
    """
    raise NotImplementedError
