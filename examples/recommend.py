"""Ask a running suite for a shopper's five products, and why: ``python examples/recommend.py 1795``."""

import sys

import grpc

from restock.v1 import gateway_pb2 as pb
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub

user = sys.argv[1] if len(sys.argv) > 1 else "1795"
with grpc.insecure_channel("127.0.0.1:50051") as channel:
    answer = RecommendationServiceStub(channel).Recommend(
        pb.RecommendRequest(user_id=user), timeout=1
    )
for result in answer.results:
    print(result.product_id, f"{result.score:.3f}", *(reason.text for reason in result.reasons))
