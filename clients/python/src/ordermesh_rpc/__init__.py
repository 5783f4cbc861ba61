"""What both ends of a call share: how a refusal is read, how long to wait before another attempt.

The services and the client use it. It needs grpcio and protobuf only.
"""
