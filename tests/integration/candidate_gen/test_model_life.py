from restock.v1 import candidate_gen_pb2 as pb
from restock.v1.types_pb2 import TuningOverrides
from tests.a_bundle import DAY, published
from tests.contracts.model_life import ModelLifeContract
from tests.integration.candidate_gen.conftest import serving
from tests.integration.candidate_gen.messages import a_profile, a_request
from tests.integration.refusals import refusal_of


async def ask(leaf, version):
    return await leaf.stub.GenerateCandidates(a_request(model_version=version))


class TestModelLife(ModelLifeContract):
    serving = serving
    ask = staticmethod(ask)

    async def test_without_a_version_nothing_else_answers_either(self, empty):
        calls = (
            empty.stub.ListPopular(pb.ListPopularRequest(count=1)),
            empty.stub.FindNeighbours(pb.FindNeighboursRequest(product_id="milk", count=1)),
        )
        for call in calls:
            assert (await refusal_of(call)).code == "UNAVAILABLE"

    async def test_each_version_answers_with_its_own_tuning(self, empty, tmp_path):
        blend = TuningOverrides(als_weight=0, item_cf_weight=0, popularity_weight=1)
        await self.taken_up(empty, published(tmp_path, candidate_count=4))
        assert len((await ask(empty, "")).candidates.product_ids) == 4
        await self.taken_up(empty, published(tmp_path, DAY + 1, candidate_count=7))
        answer = await empty.stub.GenerateCandidates(
            a_request(profile=a_profile(milk=(1, 3)), tuning=blend)
        )
        assert len(answer.candidates.product_ids) == 7
