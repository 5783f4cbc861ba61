"""gRPC streams to svc_oms and svc_marketdata."""
