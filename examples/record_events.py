"""Record an order and see the next answer change: `python examples/record_events.py 1795`."""

import sys
import uuid

import grpc

from restock.v1.events_pb2 import Event, Order, OrderLine
from restock.v1.gateway_pb2 import RecommendRequest
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from restock.v1.profile_store_pb2 import EventStatus, PutEventsRequest
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

user = sys.argv[1] if len(sys.argv) > 1 else "1795"
with (
    grpc.insecure_channel("127.0.0.1:50051") as gateway,
    grpc.insecure_channel("127.0.0.1:50052") as profile_store,
):
    front, store = RecommendationServiceStub(gateway), ProfileStoreServiceStub(profile_store)
    before = front.Recommend(RecommendRequest(user_id=user), timeout=1)
    print("before:", *(result.product_id for result in before.results))

    number = uuid.uuid4().hex
    line = OrderLine(product_id=before.results[0].product_id, quantity=1, unit_price=2.5)
    event = Event(
        event_id=f"order-{number}", user_id=user, order=Order(order_id=number, lines=[line])
    )
    event.event_time.GetCurrentTime()
    (result,) = store.PutEvents(PutEventsRequest(events=[event]), timeout=1).results
    print(EventStatus.Name(result.status), "profile revision", result.profile_revision)

    after = front.Recommend(RecommendRequest(user_id=user), timeout=1)
    print("after: ", *(result.product_id for result in after.results))
