"""The cost of one update of a feed: pure code, in this process, CPU time only.

Frames of 50 changed best bids, as bytes, are read, applied, and serialised for a reader of every
event who is not there to take them: what svc_marketdata does once for an update, whoever reads it.
The aim is 10 µs. And the same for a reader of latest values: nothing is serialised until it is
ready.
"""

import time

from bench.bare.quote_frame import UPDATES_PER_FRAME
from bench.measure import Figure, Plan
from bench.prices.feed import ScriptedFeed
from kernel.clock import SystemClock
from ordermesh.marketdata.v1 import feed_service_pb2 as pb
from svc_marketdata.api.encoding import ProtoEncoder
from svc_marketdata.api.feed import AppliedFeed
from svc_marketdata.service.channels import Topic
from svc_marketdata.service.delivery.interest import Interest, Mode
from svc_marketdata.service.groups import Subscriber
from svc_marketdata.service.hub import Hub
from svc_marketdata.service.limits import Limits
from svc_marketdata.service.market_data import MarketData
